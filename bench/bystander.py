"""What a flood meets that costs nothing: connections within a limit, a form, and then no answer; see README.md."""

import asyncio
import sys

MOST = 128  # connections, as the server has for one network
HELD = 5  # seconds that each of them waits
FORM = b'<input name="csrf_token" value="none">'
HEAD = b"HTTP/1.1 200 OK\r\nSet-Cookie: iam=none; Path=/\r\nContent-Length: %d\r\n\r\n" % len(FORM)

here: set[asyncio.StreamWriter] = set()


async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close one that is too many at once; let the others wait."""
    if len(here) >= MOST:
        writer.transport.abort()
        return
    here.add(writer)
    try:
        if (await reader.readline()).startswith(b"GET"):
            writer.write(HEAD + FORM)
        async with asyncio.timeout(HELD):
            while await reader.read(65_536):
                pass
    except (OSError, TimeoutError):
        pass
    finally:
        here.discard(writer)
        writer.close()


async def main() -> None:
    """Listen where the server's flooder is sent instead."""
    async with await asyncio.start_server(met, "127.0.0.1", int(sys.argv[1]), backlog=1024) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
