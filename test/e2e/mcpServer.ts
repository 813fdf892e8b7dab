import * as z from 'zod/v4';

import type { N8n } from './n8n';

const key = z.object({ apiKey: z.string() });
const initialized = z.object({ serverInfo: z.object({ name: z.string() }) });
const used = z.object({ isError: z.literal(false).optional(), structuredContent: z.unknown() });
const message = z.object({ result: z.unknown() });

/** n8n's own MCP server, by which an AI builder makes workflows (n8n 2). */
export class McpServer {
	private requests = 0;

	private constructor(
		private readonly url: string,
		private readonly apiKey: string,
	) {}

	/** Switches it on and says hello. */
	static async of({ rest, baseUrl }: N8n): Promise<McpServer> {
		await rest.call('PATCH', '/mcp/settings', z.unknown(), { mcpAccessEnabled: true });
		const { apiKey } = await rest.call('GET', '/mcp/api-key', key);
		const server = new McpServer(`${baseUrl}/mcp-server/http`, apiKey);
		await server.ask('initialize', initialized, {
			protocolVersion: '2025-03-26',
			capabilities: {},
			clientInfo: { name: 'n8n-nodes-twenty2', version: '1' },
		});
		return server;
	}

	/** Uses a tool. @throws Error when the tool says that it did not work */
	async use<T>(name: string, given: object, schema: z.ZodType<T>): Promise<T> {
		const answer = await this.ask('tools/call', used, { name, arguments: given });
		return schema.parse(answer.structuredContent);
	}

	private async ask<T>(method: string, schema: z.ZodType<T>, params: object): Promise<T> {
		const response = await fetch(this.url, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${this.apiKey}`,
				'content-type': 'application/json',
				accept: 'application/json, text/event-stream',
			},
			body: JSON.stringify({ jsonrpc: '2.0', id: ++this.requests, method, params }),
		});
		const text = await response.text();
		// The answer is the one event of a stream.
		const [, data] = /^data: (.*)$/m.exec(text) ?? [];
		const answer = message.safeParse(data === undefined ? undefined : JSON.parse(data)).data;
		const parsed = schema.safeParse(answer?.result);
		if (!parsed.success) throw new Error(`${method} was answered ${text.slice(0, 2_000)}`);
		return parsed.data;
	}
}
