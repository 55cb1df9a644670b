"""Gives a model of OpenAI's the tools of `pyro mcp serve`, those that chat hosts have, by the Responses API.

The model works in a workspace made of the Git project around the current directory. Prints each tool that it
calls, and then what the model says. Needs `openai`, `mcp` and OPENAI_API_KEY; OPENAI_MODEL names another model,
an argument another task.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.types import TextContent
from openai import AsyncOpenAI
from openai.types.responses import FunctionToolParam, ResponseFunctionToolCall, ResponseInputParam

MODEL = os.environ.get("OPENAI_MODEL", "gpt-5")
TASK = "In examples/project `sh check` fails. Mend it in a workspace and show me the diff."
SERVER = StdioServerParameters(command="pyro", args=["mcp", "serve"])


async def tools_of(pyro: Client) -> list[FunctionToolParam]:
    """The server's tools, as the API wants them."""
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.input_schema,
            "strict": False,
        }
        for tool in (await pyro.list_tools()).tools
    ]


async def answer(pyro: Client, call: ResponseFunctionToolCall) -> str:
    """What the tool says. The text is enough by itself, and says so where something went wrong."""
    print(call.name)
    result = await pyro.call_tool(call.name, json.loads(call.arguments))
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


async def main(task: str) -> None:
    openai = AsyncOpenAI()
    conversation: ResponseInputParam = [{"role": "user", "content": task}]
    async with Client(SERVER) as pyro:
        tools = await tools_of(pyro)
        while True:
            response = await openai.responses.create(model=MODEL, input=conversation, tools=tools)
            calls = [item for item in response.output if item.type == "function_call"]
            if not calls:
                break
            conversation += [item.to_dict() for item in response.output]  # type: ignore[misc]
            for call in calls:
                output = await answer(pyro, call)
                conversation.append(
                    {"type": "function_call_output", "call_id": call.call_id, "output": output}
                )
    print(response.output_text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else TASK))
