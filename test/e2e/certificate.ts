import { join } from 'node:path';

import { command } from './command';
import { installedProgram } from './installedProgram';

export interface Certificate {
	key: string;
	cert: string;
}

/** For a server on loopback that goes by another name, and gone with the folder it is in. */
export async function createCertificate(name: string, folder: string): Promise<Certificate> {
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	const { bin, env } = await installedProgram('openssl', 'openssl');
	const request = ['req', '-x509', '-days', '1', '-subj', `/CN=${name}`];
	const names = ['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
	const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	const files = ['-keyout', key, '-out', cert];
	// The machine's settings may ask for more, or be missing.
	const own = { ...env, OPENSSL_CONF: '/dev/null' };
	const args = [...request, ...names, ...keyOptions, ...files];
	await command(join(bin, 'openssl'), args, folder, own);
	return { key, cert };
}
