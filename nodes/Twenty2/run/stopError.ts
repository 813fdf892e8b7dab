import { NodeApiError, type INode } from 'n8n-workflow';

import { adviceFor, type Failure } from '../api/failure';
import type { Ledger, Tally } from '../policy/ledger';
import type { FailedItem, FailedItems, Results } from './items';
import { errorOf, sentenceForModel } from './output';
import { isTool } from './tool';

const everybodyAgain =
	'Executing the workflow again is a new execution, which phones everybody again';

/** Told after a failed item: n8n stores what was placed with the execution. */
const howToPlaceTheRest = `To place only the missing calls, open Executions and retry this one. ${everybodyAgain}`;

/** Told after Stop: n8n 2 forgets what was placed, but not that people may have been phoned. */
const howToReachTheRest = `A retry under Executions phones nobody who may have been phoned. ${everybodyAgain}`;

/** Before anybody was phoned. */
const howToCallTheOthers =
	'To call the others anyway, set On Error in the settings of the node to Continue';

const hasPhoned = (tally?: Tally) => tally !== undefined && tally.placed + tally.doubtful > 0;

interface Ended extends Pick<Results, 'stoppedBy'> {
	isCanceled: boolean;
	ledger: Ledger;
	/** How many items the run had. */
	items: number;
	dials: boolean;
}

/** @returns the error that a run ends with, undefined when it ended well */
export function errorOfRun(
	node: INode,
	{ stoppedBy, isCanceled, ledger, items, dials }: Ended,
): NodeApiError | undefined {
	const tally = dials ? ledger.tally : undefined;
	if (isCanceled) return canceledError(node, tally);
	return stoppedBy && stoppedError(node, stoppedBy, items, tally);
}

/**
 * The error that ends a run under Stop Workflow. An Error Trigger reads its code as `$json.execution.error.code`,
 * of several failed items that of the first.
 * @param items how many items there are: the message names the failed one among several
 * @param tally how many calls were placed, if the operation dials
 */
export function stoppedError(
	node: INode,
	failed: FailedItems,
	items: number,
	tally?: Tally,
): NodeApiError {
	const [{ failure, item }] = failed;
	const { code, description, status } = failure.fields;
	const error = plainError(node, item);
	// What is wrong in the same way with every item is told once.
	const isSame = new Set(failed.map((each) => each.failure.message)).size === 1;
	const isOne = failed.length === 1 || (failed.length === items && isSame);
	const message = isOne
		? sentences(named(failure, items > 1 ? item : undefined), tally && progress(tally))
		: messageOf(failed, items, tally);
	error.message = isTool(node) ? sentenceForModel(failure.fields, tally !== undefined) : message;
	const wasSent = failure.fields.attempts > 0;
	error.description = sentences(
		isOne ? description : remedies(failed),
		tally && items > failed.length && !wasSent && !hasPhoned(tally) && howToCallTheOthers,
		hasPhoned(tally) && howToPlaceTheRest,
	);
	error.httpCode = status === null ? null : String(status);
	error.context.data = { error: errorOf(failure, tally !== undefined) };
	return Object.assign(error, { code });
}

/** What happened to several items. It names the first as n8n would, which else adds it without a word. */
function messageOf(failed: FailedItems, items: number, tally?: Tally): string {
	const look = `Look at [item ${failed[0].item}] first`;
	const isNumber = failed.every(({ failure }) => failure.fields.code === 'INVALID_NUMBER');
	const what = `${failed.length} of ${items} ${isNumber ? 'numbers' : 'items'} cannot be`;
	if (!tally) return sentences(`${what} looked up`, look);
	if (hasPhoned(tally)) return sentences(`${what} called`, progress(tally), look);
	return sentences(`${what} called, and no call was placed`, look);
}

/** More items than these would hide what to do. */
const MOST_ITEMS = 10;

/** What to do about several items, with what helps most of them first. */
function remedies(failed: FailedItem[]): string {
	const byRemedy = new Map<string, string[]>();
	for (const { failure, item } of failed) {
		const { description = adviceFor('BAD_REQUEST') ?? '' } = failure.fields;
		const [, value = ''] = /( \(given: .*\))$/.exec(failure.message) ?? [];
		const told = `[item ${item}] ${failure.brief}${value}`;
		byRemedy.set(description, [...(byRemedy.get(description) ?? []), told]);
	}
	return [...byRemedy]
		.sort(([, some], [, others]) => others.length - some.length)
		.map(([remedy, told]) => {
			const rest = told.length > MOST_ITEMS ? ` and ${told.length - MOST_ITEMS} more` : '';
			return sentences(`${remedy}: ${told.slice(0, MOST_ITEMS).join(', ')}${rest}`);
		})
		.join(' ');
}

/** The message with Twenty2's words marked as theirs, and the item as n8n 2.41 names it, which adds it otherwise. */
function named({ fields: { message, source } }: Failure, item?: number): string {
	const isMarked = source === 'n8n' || message.startsWith('Twenty2');
	const said = isMarked ? message : `Twenty2: ${message}`;
	return item === undefined ? said : `${said.replace(/\.$/, '')} [item ${item}]`;
}

/** n8n 1.123 and 2.41 show nothing of a stopped node, so its calls have to be looked for elsewhere. */
const howToFindTheCalls =
	'Stopping does not hang up: the calls go on. Find them in Twenty2, or with Get Many Calls if you have a workspace';

/** The error that ends a stopped run. n8n knows it by the word "canceled". */
export function canceledError(node: INode, tally?: Tally): NodeApiError {
	const error = plainError(node);
	error.message = sentences(
		'The execution was canceled',
		tally && progress(tally),
		hasPhoned(tally) && howToFindTheCalls,
	);
	error.description = sentences(hasPhoned(tally) && howToReachTheRest);
	return error;
}

/** An error without n8n's own texts. The constructor adds them where it is given a code or status. */
function plainError(node: INode, itemIndex?: number): NodeApiError {
	const error = new NodeApiError(node, {}, { itemIndex });
	error.messages = [];
	error.httpCode = null;
	return error;
}

function progress({ placed, doubtful }: Tally): string {
	const calls = (count: number) => (count === 1 ? '1 call' : `${count} calls`);
	const were = placed === 1 ? 'was' : 'were';
	const sure = placed > 0 && `${calls(placed)} ${were} already placed`;
	const unsure = doubtful > 0 && `${calls(doubtful)} may have been placed`;
	return [sure, unsure].filter(Boolean).join(', ') || 'No call was placed';
}

function sentences(...parts: Array<string | false | undefined>): string {
	return parts
		.filter((part) => typeof part === 'string')
		.map((part) => part.replace(/\.?$/, '.'))
		.join(' ');
}
