import type { IContextObject, IExecuteFunctions } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { CallEnds } from '../operations/create/callEnds';
import { MissingLinks } from '../operations/missingLinks';
import { Ledger } from '../policy/ledger';
import { knownMarks, marksOf, RunMarks, type KnownMarks } from '../policy/runMarks';
import { UsedKeys } from '../policy/usedKeys';
import type { CheckedItem, Shared } from './items';
import { isTool } from './tool';
import { workflowStoreOf } from './workflowStore';

const workflowData = z.object({
	$runIndex: z.number(),
	$execution: z.object({ id: z.string(), resumeUrl: z.optional(z.string()) }),
});

/** What is known of the calls of a run and of the calls of other tries and executions. */
type StoredState = Pick<Shared, 'ledger' | 'marks' | 'keys'>;

/** What the items of a run share. A dry run stores nothing. */
export function sharedBy(n8n: IExecuteFunctions, items: CheckedItem[]): Shared {
	const isDryRun = items.every((item) => item.isDryRun);
	const stored = isDryRun ? unstoredState(n8n) : storedState(n8n);
	return { ...stored, ends: new CallEnds(), missingLinks: new MissingLinks() };
}

/**
 * The state of the run that n8n carries out. A retry of the run gets the same ledger and meets the same marks.
 * n8n's Agents run a node without an execution, so each of these runs has a ledger of its own.
 */
function storedState(n8n: IExecuteFunctions): StoredState {
	const context = contextOf(n8n);
	if (!context) return unstoredState(n8n);

	const { $runIndex, $execution } = n8n.getWorkflowDataProxy(0);
	const { $runIndex: index, $execution: execution } = workflowData.parse({ $runIndex, $execution });
	const node = n8n.getNode();
	const store = workflowStoreOf(n8n);
	const locked = store?.lockedThrough(n8n);
	const name = `${identityOf(execution, context)} ${node.id}`;
	const known = knownMarksIn(context);
	// A retry leaves its marks, because the first execution can be retried once more.
	if (store && locked && n8n.getMode() !== 'retry' && !watched.has(known)) {
		watched.add(known);
		onEndedWell(n8n, () => {
			const made = marksOf(name, known);
			if (made.length > 0 && !known.metOthers) store.removeLater(made, locked);
		});
	}
	const run = { name, index, items: n8n.getInputData().length, isTool: isTool(node) };
	return {
		ledger: new Ledger(context, { ...run, forgotten: isForgotten(n8n) }),
		marks: new RunMarks(run, known, locked),
		keys: new UsedKeys(locked ?? outsideOfWorkflow),
	};
}

/** The state that ends with the run, for a dry run and where n8n has no context. */
export function unstoredState(n8n: Pick<IExecuteFunctions, 'getNode'>): StoredState {
	const run = { name: '', index: 0, items: 0, isTool: isTool(n8n.getNode()) };
	return {
		ledger: new Ledger({}, run),
		marks: new RunMarks(run, { made: {}, metOthers: false }, undefined),
		keys: new UsedKeys(outsideOfWorkflow),
	};
}

const outsideOfWorkflow = async (): Promise<never> => {
	throw new Error('it runs the node outside of a workflow');
};

/** The executions whose end is awaited, by what they know of their marks. */
const watched = new WeakSet<KnownMarks>();

/** What the execution knows of its marks, out of n8n's node context. */
function knownMarksIn(context: IContextObject): KnownMarks {
	const { twenty2Marks: stored } = context;
	// It must be the stored object itself, because other runs of this execution write to it.
	const known = isKnownMarks(stored) ? stored : { made: {}, metOthers: false };
	Object.assign(context, { twenty2Marks: known });
	return known;
}

function isKnownMarks(stored: unknown): stored is KnownMarks {
	return knownMarks.safeParse(stored).success;
}

/** n8n's node context; undefined where there is none, because n8n then throws. */
function contextOf(n8n: IExecuteFunctions): IContextObject | undefined {
	try {
		return n8n.getContext('node');
	} catch {
		return undefined;
	}
}

/**
 * What an execution and every retry of it have in common. On n8n 2 it is the token that signs the address for
 * resuming the execution, which survives Stop and a crash. On n8n 1 it is the ID of the first execution, which is
 * written to n8n's node context.
 */
function identityOf(
	{ id, resumeUrl = '' }: z.infer<typeof workflowData>['$execution'],
	context: IContextObject,
): string {
	const token = URL.canParse(resumeUrl) && new URL(resumeUrl).searchParams.get('signature');
	if (token) return token;
	const { twenty2Execution = id } = context;
	Object.assign(context, { twenty2Execution });
	return String(twenty2Execution);
}

/**
 * Whether n8n has kept nothing of the execution that this one retries. n8n 1 stores how an execution began only
 * with its end. After Stop or a crash its retry therefore counts as begun by a retry.
 */
function isForgotten(n8n: IExecuteFunctions): boolean {
	return n8n.getExecutionContext()?.source === 'retry';
}

interface Hooks {
	addHandler(name: 'workflowExecuteAfter', handler: (run: unknown) => void): void;
}

/** n8n's hooks. It has no public function that tells a node when its execution ends. */
const withHooks = z.object({
	additionalData: z.object({
		hooks: z.custom<Hooks>((given) => typeof Object(given).addHandler === 'function'),
	}),
});

/** An execution that waits is stored and goes on from there. */
const endedWell = z.object({ status: z.enum(['success', 'waiting']) });

/**
 * Calls back once the execution has ended well, so that n8n has stored it and cannot retry it (n8n 1.123 and
 * 2.41). Where n8n has no such hooks, it never calls back.
 */
function onEndedWell(n8n: unknown, then: () => void): void {
	withHooks.safeParse(n8n).data?.additionalData.hooks.addHandler('workflowExecuteAfter', (run) => {
		if (endedWell.safeParse(run).success) then();
	});
}
