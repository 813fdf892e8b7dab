import type { IExecuteFunctions } from 'n8n-workflow';

import { unexpected } from '../api/failure';
import { logLine } from '../connection/logLine';
import { tagWithCalls } from './executionTags';
import { addHints, type RunSoFar } from './hints';

/** Adds hints and tags. Where n8n takes one of them not, the output comes without it, because phones have rung. */
export function addBesideOutput(n8n: IExecuteFunctions, run: RunSoFar): void {
	const additions = [
		{ what: 'hints', add: () => addHints(n8n, run) },
		{ what: 'tags', add: () => tagWithCalls(n8n, run.ledger.callIds) },
	];
	for (const { what, add } of additions) {
		try {
			add();
		} catch (fault) {
			n8n.logger.warn(logLine(`This run has no ${what}. ${unexpected(fault).message}`));
		}
	}
}
