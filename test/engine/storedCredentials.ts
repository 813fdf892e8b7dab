import type {
	ICredentialDataDecryptedObject,
	ICredentialsExpressionResolveValues,
	ICredentialsHelper,
	ICredentialType,
	IExecuteData,
	IHttpRequestOptions,
	INode,
	INodeCredentialsDetails,
	INodeProperties,
	IWorkflowExecuteAdditionalData,
	Workflow,
	WorkflowExecuteMode,
} from 'n8n-workflow';

import { core, workflowPackage } from './n8nCore';

const { ICredentialsHelper: BaseHelper, isExpression, NodeHelpers } = workflowPackage;

function notInTests(what: string): never {
	throw new Error(`${what} is not part of the test engine`);
}

/** What an expression leaves undefined stays so, as in n8n. */
function plainValues(values: object): Record<string, string | number | boolean> {
	for (const [name, value] of Object.entries({ ...values })) {
		if (typeof value === 'object') notInTests(`Field "${name}", which is not a plain value,`);
	}
	const plain: Record<string, string | number | boolean> = {};
	return Object.assign(plain, values);
}

/** The part of n8n's CredentialsHelper that a node with a generic `authenticate` meets. */
export class StoredCredentials extends BaseHelper implements ICredentialsHelper {
	/** How often a credential was read. */
	reads = 0;

	constructor(
		private readonly types: readonly ICredentialType[],
		private readonly stored: Readonly<Record<string, ICredentialDataDecryptedObject>>,
	) {
		super();
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		incoming: IHttpRequestOptions,
		workflow?: Workflow,
		node?: INode,
	): Promise<IHttpRequestOptions> {
		const { authenticate } = this.type(typeName);
		if (authenticate === undefined) return incoming;
		if (typeof authenticate === 'function') return await authenticate(credentials, incoming);
		if (workflow === undefined || node === undefined) {
			throw new Error('Declarative authentication needs the workflow and the node');
		}

		const resolve = (value: string): string => {
			if (!isExpression(value)) return value;
			const resolved = workflow.expression.getSimpleParameterValue(
				node,
				value,
				'internal',
				{ $credentials: credentials },
				undefined,
				'',
			);
			return resolved ? String(resolved) : '';
		};
		const resolveAll = (values: object = {}): Record<string, string> =>
			Object.fromEntries(
				Object.entries(values).map(([key, value]) => [resolve(key), resolve(String(value))]),
			);

		const { headers, qs, auth, body } = authenticate.properties;
		const request = { ...incoming, headers: { ...incoming.headers, ...resolveAll(headers) } };
		if (qs !== undefined) request.qs = { ...incoming.qs, ...resolveAll(qs) };
		if (auth !== undefined) {
			const { username = '', password = '', sendImmediately } = auth;
			request.auth = {
				username: resolve(username),
				password: resolve(password),
				...(sendImmediately !== undefined && { sendImmediately }),
			};
		}
		if (body !== undefined) notInTests('Authenticating in the body');
		return request;
	}

	/**
	 * As n8n's server reads a credential for a node: with an item, expressions in its fields are worked out for
	 * that item (`applyDefaultsAndOverwrites` of n8n 1.123.81 and 2.41.1).
	 */
	async getDecrypted(
		additionalData: IWorkflowExecuteAdditionalData,
		{ id }: INodeCredentialsDetails,
		typeName: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		_raw?: boolean,
		resolveFor?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		this.reads++;
		const data = id === null ? undefined : this.stored[id];
		if (data === undefined) throw new Error(`No credential "${id}" was given to the test engine`);
		const withDefaults = NodeHelpers.getNodeParameters(
			this.getCredentialsProperties(typeName),
			JSON.parse(JSON.stringify(data)),
			true,
			false,
			null,
			null,
		);
		const fields = plainValues(withDefaults ?? {});
		if (!resolveFor) {
			const hasExpression = Object.values(fields).some(isExpression);
			return hasExpression ? notInTests('An expression without an item') : fields;
		}
		const { workflow, runExecutionData, runIndex, itemIndex, node, connectionInputData } =
			resolveFor;
		const resolve = async () =>
			workflow.expression.getParameterValue(
				fields,
				runExecutionData,
				runIndex,
				itemIndex,
				node.name,
				connectionInputData,
				mode,
				core.getAdditionalKeys(additionalData, mode, null, { isCredential: true }),
				executeData,
				false,
				fields,
			);
		const resolved = await resolve().catch((error: Error) => {
			error.message += ' [Error resolving credentials]';
			throw error;
		});
		return plainValues(Object(resolved));
	}

	getCredentialsProperties(typeName: string): INodeProperties[] {
		return this.type(typeName).properties;
	}

	getParentTypes(typeName: string): string[] {
		return this.type(typeName).extends ?? [];
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	async preAuthentication(): Promise<undefined> {
		return undefined;
	}

	async runPreAuthentication(): Promise<undefined> {
		return undefined;
	}

	async getCredentials(): Promise<never> {
		return notInTests('getCredentials');
	}

	async updateCredentials(): Promise<never> {
		return notInTests('updateCredentials');
	}

	async updateCredentialsOauthTokenData(): Promise<never> {
		return notInTests('updateCredentialsOauthTokenData');
	}

	private type(typeName: string): ICredentialType {
		const found = this.types.find(({ name }) => name === typeName);
		if (found === undefined) {
			throw new Error(`No credential type "${typeName}" was given to the test engine`);
		}
		return found;
	}
}
