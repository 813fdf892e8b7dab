import * as z from 'zod/v4';

import type { Sandbox, WebhookEvent } from '../../sandbox';
import { phone } from './twenty2';

export interface Placing {
	/** Each generation knows the calls of its own keys only. */
	authentication?: string;
	failed?: boolean;
	n?: number;
	input?: object;
}

/** Places a call that ends at once. @returns its event */
export async function placeEnded(
	sandbox: Sandbox,
	{ authentication = 'apiKey', failed = false, n = 0, input = {} }: Placing = {},
): Promise<WebhookEvent> {
	if (failed) sandbox.behave(phone(n), 'unanswered');
	const basic = Buffer.from('sandbox-key:sandbox-secret').toString('base64');
	const request: { path: string; headers: Record<string, string>; body: object } =
		authentication === 'workspace'
			? {
					path: '/api/agent/trigger-outbound-call',
					headers: { authorization: `Basic ${basic}`, 'x-workspace-id': 'ws_sandbox' },
					body: {
						agent_id: 'asst_demo',
						callee_phone: phone(n).slice(3),
						caller_phone: '7971441943',
						input_parameters: input,
					},
				}
			: {
					path: '/v1/calls',
					headers: { authorization: 'Bearer sandbox-key' },
					body: {
						assistant_id: 'asst_demo',
						from_number: '+917971441943',
						to_number: phone(n),
						input_parameters: input,
					},
				};
	const response = await fetch(sandbox.url + request.path, {
		method: 'POST',
		headers: { ...request.headers, 'content-type': 'application/json' },
		body: JSON.stringify(request.body),
	});
	const { call_id } = z.object({ call_id: z.string() }).parse(await response.json());
	return sandbox.eventOf(call_id);
}
