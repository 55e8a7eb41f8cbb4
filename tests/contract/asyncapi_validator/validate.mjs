// Reads an AsyncAPI document from standard input and prints what the official parser has against it, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(diagnostics.map(({ code, message, path }) => ({ code, message, path: path.join(".") }))));
