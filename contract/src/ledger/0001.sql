CREATE TABLE service (
    name  TEXT PRIMARY KEY NOT NULL,
    ports TEXT NOT NULL,             -- "all", or ranges such as "udp:5060-5069 tcp:5060-5069"
    longest INTEGER                  -- seconds that a lease with it lasts at most; NULL: no limit of its own
) STRICT;

INSERT INTO service (name, ports) VALUES
    ('all',    'all'),
    ('fop',    'tcp:4445'),
    ('ftp',    'tcp:21'),
    ('iax',    'udp:4569'),
    ('rtp',    'udp:10000-20000'),
    ('sip',    'tcp:5060-5069 udp:5060-5069'),
    ('sips',   'tcp:5061'),
    ('ssh',    'tcp:22'),
    ('tftp',   'udp:69'),
    ('web',    'tcp:80 tcp:443'),
    ('webmin', 'tcp:9001'),
    ('webrtc', 'tcp:8089');

CREATE TABLE account (
    number     TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    pin_hash   TEXT NOT NULL,        -- argon2id of the PIN and the pepper, as a PHC string
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    lifetime   INTEGER,              -- seconds; NULL: the site's default
    longest    INTEGER,              -- seconds that its leases last at most; NULL: no limit of its own
    addresses  INTEGER,              -- open at a time at most; NULL: as many as the site allows
    time_zone  TEXT,                 -- IANA name; NULL: the machine's
    language   TEXT,                 -- such as es; NULL: what the call has
    unlocked_at INTEGER,             -- when failed logins were last forgiven
    created_at INTEGER NOT NULL      -- this and every other time: seconds since 1970, UTC
) STRICT;

CREATE INDEX account_several ON account (number) WHERE addresses > 1;

CREATE TABLE account_service (
    account TEXT NOT NULL REFERENCES account (number) ON DELETE CASCADE,
    service TEXT NOT NULL REFERENCES service (name),
    PRIMARY KEY (account, service)
) STRICT, WITHOUT ROWID;

-- A lease outlives its account: it is history then, so the number is no reference.
CREATE TABLE lease (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT NOT NULL,
    address    TEXT NOT NULL,        -- one IPv4 host, or an IPv6 network with its length
    services   TEXT NOT NULL,        -- names as they were when it was opened, with spaces between
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    packets    INTEGER NOT NULL DEFAULT 0, -- that were counted when they were last looked at
    used_at    INTEGER,              -- when that was, if there were more than before; to within some minutes
    reminded   INTEGER NOT NULL DEFAULT 0 CHECK (reminded IN (0, 1)), -- whether the traveller was told of this end
    ended_at   INTEGER,              -- NULL: not ended yet
    ended_by   TEXT,                 -- expired, revoked, replaced, closed, disabled, removed, idle
    revision   INTEGER NOT NULL DEFAULT 0, -- the number below after the last change that concerns the firewall
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;

CREATE INDEX lease_open ON lease (account) WHERE ended_at IS NULL;
CREATE INDEX lease_address ON lease (address) WHERE ended_at IS NULL;
CREATE INDEX lease_revision ON lease (revision);
CREATE INDEX lease_expiry ON lease (expires_at) WHERE ended_at IS NULL;
CREATE INDEX lease_reminder ON lease (expires_at) WHERE ended_at IS NULL AND reminded = 0;

CREATE TABLE verdict (
    request    TEXT PRIMARY KEY NOT NULL, -- the id in the queue
    account    TEXT,                 -- NULL: of no account
    decision   TEXT NOT NULL,        -- open, extended, closed, pin-changed, told, refused
    refusal    TEXT,                 -- why, when refused; too-many: told nobody, because enough were
    lease      INTEGER,              -- which, when not refused
    until      INTEGER,              -- until when, when not refused
    decided_at INTEGER NOT NULL
) STRICT;

CREATE INDEX verdict_decided ON verdict (decided_at);
CREATE INDEX verdict_account ON verdict (account, decision, decided_at);

-- The outbox.
CREATE TABLE letter (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient  TEXT NOT NULL,
    content    TEXT NOT NULL,        -- JSON; what it says, not yet how
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL,     -- not to be tried before
    sent_at    INTEGER,
    dead_at    INTEGER,              -- given up
    last_error TEXT
) STRICT;

CREATE INDEX letter_waiting ON letter (due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX letter_given_up ON letter (dead_at) WHERE sent_at IS NULL AND dead_at IS NOT NULL;
CREATE INDEX letter_done ON letter (coalesce(sent_at, dead_at));
CREATE INDEX letter_posted ON letter (recipient, created_at);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,           -- operator NAME, caller NUMBER, reconciler, unknown
    action  TEXT NOT NULL,           -- such as account-added, lease-opened, request-refused
    account TEXT,
    detail  TEXT NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32) -- over the line before and all other columns: see audit/chain.rs
) STRICT;

CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'lines are only added to the audit trail'); END;

CREATE TRIGGER audit_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'lines are only added to the audit trail'); END;

-- One row: the reconciler's last pass.
CREATE TABLE pass (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    finished_at INTEGER NOT NULL,
    problem     TEXT,                -- NULL: the firewall was read back and is as the ledger says
    good_at     INTEGER              -- when there was no problem last; NULL: never
) STRICT;

-- Who is let in without a call.
CREATE TABLE allow (
    origin     TEXT PRIMARY KEY NOT NULL, -- an address, a network or a host's name
    services   TEXT NOT NULL,        -- names with spaces between
    name       TEXT NOT NULL,        -- what the operator calls it; may be empty
    expires_at INTEGER,              -- NULL: for good
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX allow_expiry ON allow (expires_at) WHERE expires_at IS NOT NULL;

-- Who is kept out whatever else lets him in.
CREATE TABLE deny (
    network    TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,        -- what the operator calls it; may be empty
    expires_at INTEGER,              -- NULL: for good
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX deny_expiry ON deny (expires_at) WHERE expires_at IS NOT NULL;

-- What the DNS last said of the hosts in the list above.
CREATE TABLE host (
    name     TEXT PRIMARY KEY NOT NULL,
    asked_at INTEGER NOT NULL,
    problem  TEXT                    -- NULL: the last answer was good
) STRICT;

CREATE TABLE host_address (
    host        TEXT NOT NULL REFERENCES host (name) ON DELETE CASCADE,
    address     TEXT NOT NULL,
    answered_at INTEGER NOT NULL,    -- when it was last in a good answer
    PRIMARY KEY (host, address)
) STRICT, WITHOUT ROWID;

-- One row, or none while it is off: whether everybody else is kept out by us.
CREATE TABLE base_policy (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    since      INTEGER NOT NULL,
    trial_ends INTEGER,              -- NULL: confirmed
    lan        TEXT NOT NULL,        -- networks that reach everything, with spaces between
    open       TEXT NOT NULL,        -- services that everybody reaches, with spaces between
    confirmed_lan  TEXT,             -- while it is on trial, what holds again afterwards; NULL: it is off then
    confirmed_open TEXT,
    CHECK ((confirmed_lan IS NULL) = (confirmed_open IS NULL))
) STRICT;

-- Under which names the firewall's chain may stand, and what was its anchor.
CREATE TABLE built (
    chain  TEXT NOT NULL,
    anchor TEXT NOT NULL,            -- a chain, or auto
    PRIMARY KEY (chain, anchor)
) STRICT, WITHOUT ROWID;

-- One row: what the clocks showed when they were last looked at.
CREATE TABLE clock (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    boot     TEXT NOT NULL,          -- the kernel's boot_id
    uptime   INTEGER NOT NULL,       -- seconds since then, with the time asleep
    calendar INTEGER NOT NULL
) STRICT;

-- Who lost what, for as long as flows that stood before are to be cut.
CREATE TABLE loss (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    network  TEXT NOT NULL,
    services TEXT NOT NULL,          -- names with spaces between
    tries    INTEGER NOT NULL DEFAULT 0, -- that failed
    due_at   INTEGER                 -- not to be tried before; NULL: at once
) STRICT;

CREATE INDEX loss_due ON loss (due_at) WHERE due_at IS NOT NULL;

-- Whose rights ended in the last hour.
CREATE TABLE ended (
    network  TEXT PRIMARY KEY NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ended_first ON ended (ended_at);

CREATE TRIGGER lease_lost AFTER UPDATE OF ended_at ON lease
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    INSERT INTO loss (network, services) VALUES (NEW.address, NEW.services);
END;

CREATE TRIGGER lease_services_lost AFTER UPDATE OF services ON lease
WHEN NEW.ended_at IS NULL AND OLD.services <> NEW.services BEGIN
    INSERT INTO loss (network, services) VALUES (OLD.address, OLD.services);
END;

-- An origin is the name of a host when it has neither a colon nor a slash and is not all digits and dots.
CREATE TRIGGER allow_lost AFTER DELETE ON allow BEGIN
    INSERT INTO loss (network, services) SELECT OLD.origin, OLD.services
    WHERE OLD.origin GLOB '*[:/]*' OR OLD.origin NOT GLOB '*[^0-9.]*';
    INSERT INTO loss (network, services)
    SELECT address, OLD.services FROM host_address WHERE host = OLD.origin;
END;

CREATE TRIGGER host_address_lost AFTER DELETE ON host_address BEGIN
    INSERT INTO loss (network, services)
    SELECT OLD.address, services FROM allow WHERE origin = OLD.host;
END;

-- One row: a number that changes with everything that the firewall is made from, but for the time.
CREATE TABLE revision (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    others INTEGER NOT NULL          -- what it was after the last change of anything but a lease
) STRICT;

INSERT INTO revision (id, number, others) VALUES (1, 0, 0);

CREATE TRIGGER lease_insert AFTER INSERT ON lease
BEGIN
    UPDATE revision SET number = number + 1;
    UPDATE lease SET revision = (SELECT number FROM revision) WHERE id = NEW.id;
END;

CREATE TRIGGER lease_update AFTER UPDATE OF address, services, expires_at, ended_at ON lease
BEGIN
    UPDATE revision SET number = number + 1;
    UPDATE lease SET revision = (SELECT number FROM revision) WHERE id = NEW.id;
END;

-- Where it was before is in no lease any more.
CREATE TRIGGER lease_move AFTER UPDATE OF address ON lease WHEN OLD.address <> NEW.address
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER lease_delete AFTER DELETE ON lease
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER service_insert AFTER INSERT ON service
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER service_update AFTER UPDATE OF name, ports ON service
WHEN OLD.name <> NEW.name OR OLD.ports <> NEW.ports
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER service_delete AFTER DELETE ON service
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER allow_insert AFTER INSERT ON allow
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER allow_update AFTER UPDATE ON allow
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER allow_delete AFTER DELETE ON allow
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER deny_insert AFTER INSERT ON deny
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER deny_update AFTER UPDATE ON deny
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER deny_delete AFTER DELETE ON deny
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER host_address_insert AFTER INSERT ON host_address
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER host_address_delete AFTER DELETE ON host_address
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER base_policy_insert AFTER INSERT ON base_policy
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER base_policy_update AFTER UPDATE ON base_policy
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

CREATE TRIGGER base_policy_delete AFTER DELETE ON base_policy
BEGIN UPDATE revision SET number = number + 1, others = number + 1; END;

-- One row: what the kernel looked like when it was last read as a whole and found to be as the ledger says.
CREATE TABLE verified (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    kernel   TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- What was changed and is not in the audit trail yet: within a transaction of ours that says so itself at its end, and
-- after a change with another tool until ours write again.
CREATE TABLE edit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL DEFAULT (unixepoch()),
    account TEXT,
    what    TEXT NOT NULL
) STRICT;

CREATE TRIGGER service_edit_insert AFTER INSERT ON service
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'service ' || NEW.name || ' was added'); END;

CREATE TRIGGER service_edit_update AFTER UPDATE ON service
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'service ' || OLD.name || ' was changed'); END;

CREATE TRIGGER service_edit_delete AFTER DELETE ON service
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'service ' || OLD.name || ' was removed'); END;

CREATE TRIGGER account_edit_insert AFTER INSERT ON account
BEGIN INSERT INTO edit (account, what) VALUES (NEW.number, 'account ' || NEW.number || ' was added'); END;

CREATE TRIGGER account_edit_update AFTER UPDATE ON account
BEGIN INSERT INTO edit (account, what) VALUES (OLD.number, 'account ' || OLD.number || ' was changed'); END;

CREATE TRIGGER account_edit_delete AFTER DELETE ON account
BEGIN INSERT INTO edit (account, what) VALUES (OLD.number, 'account ' || OLD.number || ' was removed'); END;

CREATE TRIGGER account_service_edit_insert AFTER INSERT ON account_service
BEGIN INSERT INTO edit (account, what) VALUES (NEW.account, 'service ' || NEW.service || ' of account ' || NEW.account || ' was added'); END;

CREATE TRIGGER account_service_edit_update AFTER UPDATE ON account_service
BEGIN INSERT INTO edit (account, what) VALUES (OLD.account, 'service ' || OLD.service || ' of account ' || OLD.account || ' was changed'); END;

CREATE TRIGGER account_service_edit_delete AFTER DELETE ON account_service
BEGIN INSERT INTO edit (account, what) VALUES (OLD.account, 'service ' || OLD.service || ' of account ' || OLD.account || ' was removed'); END;

CREATE TRIGGER lease_edit_insert AFTER INSERT ON lease
BEGIN INSERT INTO edit (account, what) VALUES (NEW.account, 'lease L' || NEW.id || ' for ' || NEW.address || ' was added'); END;

CREATE TRIGGER lease_edit_update AFTER UPDATE OF account, address, services, opened_at, expires_at, ended_at, ended_by ON lease
BEGIN INSERT INTO edit (account, what) VALUES (OLD.account, 'lease L' || OLD.id || ' for ' || OLD.address || ' was changed'); END;

CREATE TRIGGER lease_edit_delete AFTER DELETE ON lease
BEGIN INSERT INTO edit (account, what) VALUES (OLD.account, 'lease L' || OLD.id || ' for ' || OLD.address || ' was removed'); END;

CREATE TRIGGER allow_edit_insert AFTER INSERT ON allow
BEGIN INSERT INTO edit (account, what) VALUES (NULL, NEW.origin || ' on the allow list' || ' was added'); END;

CREATE TRIGGER allow_edit_update AFTER UPDATE ON allow
BEGIN INSERT INTO edit (account, what) VALUES (NULL, OLD.origin || ' on the allow list' || ' was changed'); END;

CREATE TRIGGER allow_edit_delete AFTER DELETE ON allow
BEGIN INSERT INTO edit (account, what) VALUES (NULL, OLD.origin || ' on the allow list' || ' was removed'); END;

CREATE TRIGGER deny_edit_insert AFTER INSERT ON deny
BEGIN INSERT INTO edit (account, what) VALUES (NULL, NEW.network || ' on the deny list' || ' was added'); END;

CREATE TRIGGER deny_edit_update AFTER UPDATE ON deny
BEGIN INSERT INTO edit (account, what) VALUES (NULL, OLD.network || ' on the deny list' || ' was changed'); END;

CREATE TRIGGER deny_edit_delete AFTER DELETE ON deny
BEGIN INSERT INTO edit (account, what) VALUES (NULL, OLD.network || ' on the deny list' || ' was removed'); END;

CREATE TRIGGER host_address_edit_insert AFTER INSERT ON host_address
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'address ' || NEW.address || ' of host ' || NEW.host || ' was added'); END;

CREATE TRIGGER host_address_edit_update AFTER UPDATE OF host, address ON host_address
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'address ' || OLD.address || ' of host ' || OLD.host || ' was changed'); END;

CREATE TRIGGER host_address_edit_delete AFTER DELETE ON host_address
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'address ' || OLD.address || ' of host ' || OLD.host || ' was removed'); END;

CREATE TRIGGER base_policy_edit_insert AFTER INSERT ON base_policy
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'the base policy' || ' was added'); END;

CREATE TRIGGER base_policy_edit_update AFTER UPDATE ON base_policy
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'the base policy' || ' was changed'); END;

CREATE TRIGGER base_policy_edit_delete AFTER DELETE ON base_policy
BEGIN INSERT INTO edit (account, what) VALUES (NULL, 'the base policy' || ' was removed'); END;

-- Of letters, those that will never come.
CREATE TRIGGER letter_edit_update AFTER UPDATE OF recipient, content, dead_at ON letter
WHEN NEW.recipient <> OLD.recipient OR NEW.content <> OLD.content OR (OLD.dead_at IS NULL AND NEW.dead_at IS NOT NULL)
BEGIN INSERT INTO edit (what) VALUES ('letter ' || OLD.id || ' to ' || OLD.recipient || ' was changed or given up'); END;

CREATE TRIGGER letter_edit_delete AFTER DELETE ON letter WHEN OLD.sent_at IS NULL AND OLD.dead_at IS NULL
BEGIN INSERT INTO edit (what) VALUES ('letter ' || OLD.id || ' to ' || OLD.recipient || ' was removed'); END;

-- How often something happened since the ledger was made; see total.rs.
CREATE TABLE total (
    what  TEXT NOT NULL,             -- request, lease, letter, firewall
    how   TEXT NOT NULL,             -- such as refused, opened, sent
    why   TEXT NOT NULL,             -- of a request why it was refused; else empty
    count INTEGER NOT NULL,
    PRIMARY KEY (what, how, why)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER total_request AFTER INSERT ON verdict BEGIN
    INSERT INTO total VALUES ('request', NEW.decision, coalesce(NEW.refusal, ''), 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;

CREATE TRIGGER total_lease_opened AFTER INSERT ON lease BEGIN
    INSERT INTO total VALUES ('lease', 'opened', '', 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;

CREATE TRIGGER total_lease_ended AFTER UPDATE OF ended_by ON lease
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    INSERT INTO total VALUES ('lease', NEW.ended_by, '', 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;

CREATE TRIGGER total_letter_sent AFTER UPDATE OF sent_at ON letter
WHEN OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL BEGIN
    INSERT INTO total VALUES ('letter', 'sent', '', 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;

CREATE TRIGGER total_letter_given_up AFTER UPDATE OF dead_at ON letter
WHEN OLD.dead_at IS NULL AND NEW.dead_at IS NOT NULL BEGIN
    INSERT INTO total VALUES ('letter', 'given-up', '', 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;

CREATE TRIGGER total_firewall AFTER INSERT ON audit
WHEN NEW.action IN ('firewall-healed', 'firewall-fight') BEGIN
    INSERT INTO total VALUES ('firewall', NEW.action, '', 1)
    ON CONFLICT DO UPDATE SET count = min(count, 9223372036854775806) + 1;
END;
