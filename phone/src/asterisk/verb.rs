//! The commands that are known, as the table in `res_agi.c` lists them.

/// What a command is called, when it may be used and how.
pub(super) struct Entry {
    words: &'static [&'static str],
    pub(super) verb: Verb,
    /// Whether it is permitted after the caller has hung up.
    pub(super) dead: bool,
    /// What the 520 reply says.
    pub(super) usage: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Answer,
    ChannelStatus,
    Exec,
    GetData,
    GetFullVariable,
    GetVariable,
    Hangup,
    Noop,
    SayAlpha,
    SayDateTime,
    SayDigits,
    SayNumber,
    SetAutohangup,
    SetVariable,
    StreamFile,
    Verbose,
    WaitForDigit,
}

/// The entry that the first words of `argv` name, in any case; more words may follow.
pub(super) fn find(argv: &[Vec<u8>]) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| {
        argv.len() >= entry.words.len()
            && entry
                .words
                .iter()
                .zip(argv)
                .all(|(name, word)| name.as_bytes().eq_ignore_ascii_case(word))
    })
}

const fn alive(words: &'static [&'static str], verb: Verb, usage: &'static str) -> Entry {
    Entry { words, verb, dead: false, usage }
}

const fn always(words: &'static [&'static str], verb: Verb, usage: &'static str) -> Entry {
    Entry { words, verb, dead: true, usage }
}

static TABLE: [Entry; 17] = [
    alive(&["answer"], Verb::Answer, "Answers channel if not already in answer state."),
    alive(
        &["channel", "status"],
        Verb::ChannelStatus,
        "Returns the status of the specified channel.",
    ),
    always(&["exec"], Verb::Exec, "Executes application with given options."),
    alive(
        &["get", "data"],
        Verb::GetData,
        "Stream the given <replaceable>file</replaceable>, and receive DTMF data.\n\
         Returns the digits received from the channel at the other end.",
    ),
    always(&["get", "full", "variable"], Verb::GetFullVariable, "Evaluates a channel expression."),
    always(&["get", "variable"], Verb::GetVariable, "Gets a channel variable."),
    alive(&["hangup"], Verb::Hangup, "Hangs up a channel."),
    always(&["noop"], Verb::Noop, "Does nothing."),
    alive(&["say", "alpha"], Verb::SayAlpha, "Say a given character string."),
    alive(&["say", "datetime"], Verb::SayDateTime, "Say a given time."),
    alive(
        &["say", "digits"],
        Verb::SayDigits,
        "Say a given digit string, returning early if any of the given DTMF digits are received on the channel. \
         Returns <literal>0</literal> if playback completes without a digit being pressed, or the ASCII numerical \
         value of the digit if one was pressed or <literal>-1</literal> on error/hangup.",
    ),
    alive(&["say", "number"], Verb::SayNumber, "Say a given number."),
    alive(&["set", "autohangup"], Verb::SetAutohangup, "Autohangup channel in some time."),
    always(&["set", "variable"], Verb::SetVariable, "Sets a variable to the current channel."),
    alive(
        &["stream", "file"],
        Verb::StreamFile,
        "Send the given file, allowing playback to be interrupted by the given digits, if any. Returns \
         <literal>0</literal> if playback completes without a digit being pressed, or the ASCII numerical value of \
         the digit if one was pressed, or <literal>-1</literal> on error or if the channel was disconnected. If \
         musiconhold is playing before calling stream file it will be automatically stopped and will not be \
         restarted after completion.\nIt sets the following channel variables upon completion:\n\
         <variable>PLAYBACKSTATUS</variable>: The status of the playback attempt as a text string.\n    \
         <value>SUCCESS</value>\n    <value>FAILED</value>",
    ),
    always(&["verbose"], Verb::Verbose, "Logs a message to the asterisk verbose log."),
    alive(
        &["wait", "for", "digit"],
        Verb::WaitForDigit,
        "Waits up to <replaceable>timeout</replaceable> milliseconds for channel to receive a DTMF digit. Returns \
         <literal>-1</literal> on channel failure, <literal>0</literal> if no digit is received in the timeout, or \
         the numerical value of the ascii of the digit if one is received. Use <literal>-1</literal> for the \
         <replaceable>timeout</replaceable> value if you desire the call to block indefinitely.",
    ),
];
