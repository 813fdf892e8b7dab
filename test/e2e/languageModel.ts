/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod/v4';

import { listen } from '../../sandbox/listen';

const request = z.looseObject({
	stream: z.boolean().optional(),
	messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
	tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).optional(),
});

export type ModelRequest = z.infer<typeof request>;

export interface LanguageModel {
	/** The base URL for an OpenAI credential. */
	readonly url: string;
	/** All requests, oldest first. */
	readonly requests: ModelRequest[];
	close(): Promise<void>;
}

/**
 * Starts a language model on loopback that speaks OpenAI's protocol. It calls the first offered tool
 * with these arguments, and then repeats the tool's result.
 * @param refusals how many requests after the tool call are answered with status 400
 * @param turns how many tool calls it makes in each of its turns, as models do that repeat themselves
 */
export async function startLanguageModel(
	toolArguments: object,
	refusals = 0,
	turns = [1],
): Promise<LanguageModel> {
	const requests: ModelRequest[] = [];
	const server = createServer((incoming, response) => {
		void (async () => {
			const parsed = request.parse(await json(incoming));
			requests.push(parsed);
			if (parsed.messages.some(({ role }) => role === 'tool') && refusals-- > 0) {
				return response.writeHead(400, { 'content-type': 'application/json' }).end('{}');
			}
			const message = answerTo(parsed, toolArguments, turns);
			const choice = { index: 0, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' };
			const body = { id: 'answer', created: 0, model: 'stub' };
			if (!parsed.stream) {
				response.setHeader('content-type', 'application/json');
				const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
				const choices = [{ ...choice, message }];
				return response.end(JSON.stringify({ ...body, object: 'chat.completion', choices, usage }));
			}
			response.setHeader('content-type', 'text/event-stream');
			const tool_calls = message.tool_calls?.map((call, index) => ({ index, ...call }));
			const choices = [{ ...choice, delta: { ...message, tool_calls } }];
			const chunk = JSON.stringify({ ...body, object: 'chat.completion.chunk', choices });
			response.end(`data: ${chunk}\n\ndata: [DONE]\n\n`);
		})().catch((error: unknown) => response.writeHead(500).end(String(error)));
	});
	const port = await listen(server);
	return {
		url: `http://127.0.0.1:${port}/v1`,
		requests,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function answerTo({ messages, tools }: ModelRequest, toolArguments: object, turns: number[]) {
	const results = messages.filter(({ role }) => role === 'tool');
	const result = results.at(-1);
	const [tool] = tools ?? [];
	let made = 0;
	const turn = turns.findIndex((count) => (made += count) > results.length);
	const calls = turns[turn];
	if (calls === undefined || !tool) {
		return { role: 'assistant', content: `The tool said: ${String(result?.content)}` };
	}
	const { name } = tool.function;
	const call = { name, arguments: JSON.stringify(toolArguments) };
	return {
		role: 'assistant',
		content: null,
		tool_calls: Array.from({ length: calls }, (_, n) => ({
			id: `call_${results.length + n + 1}`,
			type: 'function',
			function: call,
		})),
	};
}
