"""Sends the lines of a file to every caller: python panoramisk_server.py PORT FILE"""

import asyncio
import sys

from panoramisk import fast_agi


async def serve(port, commands):
    async def converse(request):
        for command in commands:
            await request.send_command(command)

    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route("whitelist", converse)
    server = await asyncio.start_server(application.handler, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()



asyncio.run(serve(int(sys.argv[1]), open(sys.argv[2]).read().splitlines()))
