/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { join } from 'node:path';

import { command } from './command';
import { installedProgram } from './installedProgram';

/** Paths of the key and the certificate. */
export interface Certificate {
	key: string;
	cert: string;
}

/** Creates a self-signed certificate for a host name and 127.0.0.1. It is valid for one day. */
export async function createCertificate(name: string, folder: string): Promise<Certificate> {
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	const { bin, env } = await installedProgram('openssl', 'openssl');
	const request = ['req', '-x509', '-days', '1', '-subj', `/CN=${name}`];
	const names = ['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
	const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	const files = ['-keyout', key, '-out', cert];
	// The machine's OpenSSL configuration may demand more, or be missing.
	const own = { ...env, OPENSSL_CONF: '/dev/null' };
	const args = [...request, ...names, ...keyOptions, ...files];
	await command(join(bin, 'openssl'), args, folder, own);
	return { key, cert };
}
