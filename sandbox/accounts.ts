/** A key of the API key generation. */
export interface ApiKey {
	key: string;
	/** Without access, every request is answered with 403. */
	access: boolean;
}

/** A key of the workspace generation. It belongs to one workspace. */
export interface WorkspaceKey {
	workspaceId: string;
	key: string;
	secret: string;
	/** Without access, every request is answered with 403. */
	access: boolean;
}

export interface Assistant {
	id: string;
	/** A create with an unpublished assistant is answered with `INVALID_ASSISTANT`. */
	published: boolean;
}

/** The keys and assistants that the sandbox accepts. */
export interface Accounts {
	apiKeys: ApiKey[];
	workspaceKeys: WorkspaceKey[];
	assistants: Assistant[];
}

export const defaultAccounts: Accounts = {
	apiKeys: [
		{ key: 'sandbox-key', access: true },
		{ key: 'sandbox-key-without-access', access: false },
	],
	workspaceKeys: [
		{
			workspaceId: 'ws_sandbox',
			key: 'sandbox-key',
			secret: 'sandbox-secret',
			access: true,
		},
		{
			workspaceId: 'ws_sandbox',
			key: 'sandbox-key-without-access',
			secret: 'sandbox-secret',
			access: false,
		},
	],
	assistants: [
		{ id: 'asst_demo', published: true },
		{ id: 'asst_draft', published: false },
	],
};
