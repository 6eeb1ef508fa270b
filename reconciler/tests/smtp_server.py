"""A mail server for tests on 127.0.0.1: aiosmtpd, and servers that fail in ways it does not.

The first line on standard output is the port, every further one a message as JSON. Ends when standard input does.
"""

import argparse
import asyncio
import json
import logging
import socket
import ssl
import struct
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

from read_letter import read


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", help="PEM file with key and certificate: offer STARTTLS and insist on it")
    parser.add_argument("--tls", action="store_true", help="TLS from the first byte, with --certificate")
    parser.add_argument("--login", help="USER:PASSWORD to insist on")
    parser.add_argument("--rcpt", help="what to answer to RCPT, such as '550 no such user'")
    parser.add_argument("--greeting", help="greet with this line, then hang up")
    parser.add_argument("--silent", action="store_true", help="accept connections and say nothing")
    parser.add_argument("--drip", action="store_true", help="greet with a line that has no end, a byte a second")
    parser.add_argument("--reset-after-data", action="store_true", help="reset the connection instead of accepting")
    parser.add_argument("--inject", type=int, help="with --certificate: write this many answers in clear ahead of TLS")
    return parser.parse_args()


class Handler:
    def __init__(self, options):
        self.options = options

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.options.rcpt:
            return self.options.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options.reset_after_data:
            connection = server.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            server.transport.abort()
            return "250 never sent"
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "tls": session.ssl is not None or self.options.tls,
                "login": session.auth_data,
                "letter": read(envelope.original_content),
            }
        )
        return "250 accepted"


def authenticator(login):
    def check(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == login, handled=False, auth_data=data.login.decode())

    return check


def protocol(options, tls):
    login = {"authenticator": authenticator(options.login), "auth_required": True} if options.login else {}
    starttls = {"tls_context": tls, "require_starttls": True} if tls and not options.tls else {}
    if options.tls or not tls:
        login["auth_require_tls"] = False
    return SMTP(Handler(options), hostname="mail.test", enable_SMTPUTF8=True, **login, **starttls)


class Failing(asyncio.Protocol):
    """Says the greeting and hangs up, or says nothing at all."""

    def __init__(self, greeting):
        self.greeting = greeting

    def connection_made(self, transport):
        if self.greeting:
            transport.write(f"{self.greeting}\r\n".encode())
            transport.close()


class Dripping(asyncio.Protocol):
    """Never done, never silent for long."""

    def connection_made(self, transport):
        transport.write(b"2")
        asyncio.get_running_loop().call_later(1, self.go_on, transport)

    def go_on(self, transport):
        if not transport.is_closing():
            self.connection_made(transport)


async def injected(options, tls, reader, writer):
    """What somebody does who can write into a connection but not read it: answers ahead of TLS, then cuts it off."""

    async def answer(text):
        writer.write(text.encode())
        await writer.drain()
        return await reader.readline()

    await answer("220 mail.test\r\n")
    await answer("250-mail.test\r\n250 STARTTLS\r\n")
    early = ["250 mail.test", "250 OK", "250 OK", "354 go on", "250 accepted", "221 bye"]
    writer.write("".join(f"{line}\r\n" for line in ["220 go on", *early[: options.inject]]).encode())
    await writer.drain()
    await writer.start_tls(tls)
    line = await reader.readline()
    while line and not line.startswith(b"DATA"):
        line = await answer("250 OK\r\n")
    writer.write(b"354 go on\r\n")
    await writer.drain()
    await reader.read()
    writer.close()


def say(value):
    print(json.dumps(value), flush=True)


async def main():
    options = arguments()
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    if options.inject:
        server = await asyncio.start_server(lambda r, w: injected(options, tls, r, w), "127.0.0.1", 0)
        return await serve(server)
    if options.drip:
        factory = Dripping
    elif options.silent or options.greeting:
        factory = lambda: Failing(options.greeting)
    else:
        factory = lambda: protocol(options, tls)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=tls if options.tls else None)
    await serve(server)


async def serve(server):
    say(server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


# Clients that hang up are what this server is for.
logging.disable()
warnings.simplefilter("ignore")
asyncio.run(main())
