import type {
	ICredentialDataDecryptedObject,
	ICredentialsHelper,
	ICredentialType,
	IHttpRequestOptions,
	INode,
	INodeCredentialsDetails,
	INodeProperties,
	Workflow,
} from 'n8n-workflow';

import { workflowPackage } from './n8nCore';

const { ICredentialsHelper: BaseHelper, isExpression, NodeHelpers } = workflowPackage;

function notInTests(what: string): never {
	throw new Error(`${what} is not part of the test engine`);
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

	async getDecrypted(
		_additionalData: unknown,
		{ id }: INodeCredentialsDetails,
		typeName: string,
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
		return Object.fromEntries(
			Object.entries(withDefaults ?? {}).map(([name, value]) => {
				if (value === undefined || typeof value === 'object') {
					return notInTests(`Field "${name}", which is not a plain value,`);
				}
				return [name, value];
			}),
		);
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
