//! The MCP server of pyro.
