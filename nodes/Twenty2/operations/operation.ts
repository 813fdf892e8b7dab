import type { IBinaryKeyData, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { Twenty2 } from '../api/client';
import type { Connection } from '../connection/connect';
import type { JsonObject } from '../json';
import type { Ledger } from '../policy/ledger';
import type { RunMarks } from '../policy/runMarks';
import type { UsedKeys } from '../policy/usedKeys';
import type { CallEnds } from './create/callEnds';
import type { PlannedCalls } from './create/plannedCalls';
import type { ItemFields } from './fields/parameters';
import type { MissingLinks } from './missingLinks';

/** What the items of one run of the node share. */
export interface Run {
	ledger: Ledger;
	marks: RunMarks;
	keys: UsedKeys;
	ends: CallEnds;
	missingLinks: MissingLinks;
	/** Fires when no further call is to be placed: after Stop, or when an item has ended the run. */
	signal: AbortSignal;
	/** Fires only when the execution was stopped. */
	canceled: AbortSignal;
}

/** One item that the node returns. */
export interface Output {
	json: JsonObject;
	binary?: IBinaryKeyData;
}

/** Carries one checked item out. @returns the items that the node returns for it @throws Failure */
export type Task = (run: Run) => Promise<Output[] | Rest>;

/** What is left to do for an item once it no longer keeps the next item waiting. @throws Failure */
export type Rest = () => Promise<Output[]>;

export interface CheckContext {
	/** The task sends nothing and records nothing. */
	isDryRun: boolean;
	/** Notes the item's call. */
	plannedCalls: PlannedCalls;
}

/** One operation of the node: its fields, and what it does with one item. */
export interface Operation {
	/** Its entry in the field Operation. */
	option: INodePropertyOptions;
	/** The fields below, each shown for this operation only. */
	fields: INodeProperties[];
	/** Whether it makes phones ring. Its failures then say whether one rang. */
	dials: boolean;
	/** Whether an item asks for a task that sends nothing and records nothing. @throws Failure */
	isDryRun?(parameters: ItemFields): boolean;
	/** What a dry run shows also of an item that cannot be carried out. */
	shownAnyway?(parameters: ItemFields, twenty2: Twenty2): JsonObject;
	/** Reads and checks the fields for one item; nothing is sent. @throws Failure */
	check(parameters: ItemFields, connection: Connection, more: CheckContext): Task;
}
