import type { Workflow } from './n8n';

/** A version of n8n that the tests run, and how it differs from the other. */
export interface N8nVersion {
	number: string;
	/** Its size on the disk, in GB. */
	size: number;
	/** Packages that npm installs in place of the ones that its dependencies name. */
	overrides: Record<string, string>;
	/** Whether its REST API tests only credentials that are saved. */
	testsOnlySaved: boolean;
	/** Fields that its REST API demands of a new workflow. */
	newWorkflow: object;
	/** The request of its REST API that activates a workflow. */
	activation(workflow: Workflow): { method: string; path: string; body: object };
}

export const n8n2: N8nVersion = {
	number: '2.41.1',
	size: 2.9,
	overrides: {},
	testsOnlySaved: false,
	newWorkflow: {},
	activation: ({ id, versionId }) => ({
		method: 'POST',
		path: `/workflows/${id}/activate`,
		body: { versionId },
	}),
};

export const n8n1: N8nVersion = {
	number: '1.123.81',
	size: 1.9,
	// Its own xlsx is not in the registry.
	overrides: { xlsx: '0.18.5' },
	testsOnlySaved: true,
	newWorkflow: { active: false },
	activation: ({ id, versionId }) => ({
		method: 'PATCH',
		path: `/workflows/${id}`,
		body: { active: true, versionId },
	}),
};
