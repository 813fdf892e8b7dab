import * as z from 'zod/v4/mini';

interface Hooks {
	addHandler(name: 'workflowExecuteAfter', handler: (run: unknown) => void): void;
}

/** n8n has no public function that tells a node when its execution ends, so this reaches for its hooks. */
const withHooks = z.object({
	additionalData: z.object({
		hooks: z.custom<Hooks>((given) => typeof Object(given).addHandler === 'function'),
	}),
});

/** An execution that waits is stored, and goes on from there. */
const endedWell = z.object({ status: z.enum(['success', 'waiting']) });

/**
 * Calls back once the execution of a node has ended well, so that n8n has stored it and cannot retry it
 * (n8n 1.123 and 2.41). Where n8n has no such hooks, or the execution ends otherwise, it never does.
 */
export function onEndedWell(n8n: unknown, then: () => void): void {
	withHooks.safeParse(n8n).data?.additionalData.hooks.addHandler('workflowExecuteAfter', (run) => {
		if (endedWell.safeParse(run).success) then();
	});
}
