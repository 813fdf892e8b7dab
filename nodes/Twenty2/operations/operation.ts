import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { Connection } from '../connection';
import type { JsonObject } from '../json';
import type { Ledger } from '../policy/ledger';
import type { Parameters } from './parameters';

/** What the items of one run of the node share. */
export interface Run {
	ledger: Ledger;
	/** Fires when nothing more is to be sent. */
	signal: AbortSignal;
}

/** Carries one checked item out. @returns the item's output @throws Failure */
export type Task = (run: Run) => Promise<JsonObject>;

/** One operation of the node: its fields, and what it does with one item. */
export interface Operation {
	/** How it appears in the list of operations. */
	option: INodePropertyOptions;
	fields: INodeProperties[];
	/** Whether it makes phones ring, so that its failures tell whether one did. */
	phones: boolean;
	/** Reads and checks one item; nothing is sent. @throws Failure */
	check(parameters: Parameters, connection: Connection): Task;
}
