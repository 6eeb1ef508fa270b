"""Sends the lines of a file to every caller, and may check the PIN that was keyed in:
python panoramisk_server.py PORT FILE [check-pin]"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret_raw
from panoramisk import fast_agi

ENTER_PIN = "dialgate/enter-pin"
# Two at a time, as dialgate-agi has it.
HASHING = ThreadPoolExecutor(2)


def check_pin():
    return hash_secret_raw(b"83920174", b"0123456789abcdef", 2, 19456, 1, 32, Type.ID)


async def serve(port, commands, checks_pin):
    async def converse(request):
        for command in commands:
            await request.send_command(command)
            if checks_pin and ENTER_PIN in command:
                await asyncio.get_running_loop().run_in_executor(HASHING, check_pin)

    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route("whitelist", converse)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


port, file, *checks = sys.argv[1:]
asyncio.run(serve(int(port), open(file).read().splitlines(), checks == ["check-pin"]))
