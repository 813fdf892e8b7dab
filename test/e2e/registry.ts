/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports, @n8n/community-nodes/require-node-api-error -- never part of the package */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCertificate } from './certificate';
import { command } from './command';
import { startConnectProxy } from './connectProxy';
import { freePort } from './freePort';
import { installedN8n } from './install';
import { Program } from './program';
import { eventually } from './rest';
import { installedVerdaccio } from './verdaccio';

const npmRegistry = 'registry.npmjs.org';
const secondsToStart = 180;
const everybody = { access: '$all', publish: '$all' };

export interface Registry {
	/** Environment variables that lead n8n, and the npm that it runs, to this registry. */
	env: Record<string, string>;
	publish(tarball: string): Promise<void>;
	stop(): Promise<void>;
}

/**
 * Starts an empty registry on loopback. Without a licence, n8n installs only from npm's registry, so
 * this registry has npm's host name. n8n reaches it through a proxy that connects to nothing else, and
 * trusts its certificate, as in a company network.
 */
export async function startRegistry(): Promise<Registry> {
	const verdaccio = await installedVerdaccio();
	// Verdaccio needs a newer Node than these tests. The one for n8n is new enough.
	const { node } = await installedN8n();
	const folder = await mkdtemp(join(tmpdir(), 'twenty2-registry-'));
	const port = await freePort();
	const url = `https://127.0.0.1:${port}`;
	const https = await createCertificate(npmRegistry, folder);
	const config = join(folder, 'config.yaml');
	const settings = {
		https,
		storage: join(folder, 'storage'),
		auth: { htpasswd: { file: join(folder, 'htpasswd') } },
		uplinks: {},
		packages: { '**': everybody },
		web: { enable: false },
		log: { type: 'stdout', format: 'pretty', level: 'warn' },
	};
	// JSON is valid YAML.
	await writeFile(config, JSON.stringify(settings));

	const program = new Program(node, [verdaccio, '--config', config, '--listen', url], {
		cwd: folder,
		env: { PATH: process.env.PATH, HOME: folder },
	});
	const proxy = await startConnectProxy(npmRegistry, port);
	// Overrides the npm configuration of the machine, which may name another certificate.
	const trust = { NODE_EXTRA_CA_CERTS: https.cert, npm_config_cafile: https.cert };
	const stop = async () => {
		proxy.close();
		await program.end('SIGTERM');
		await rm(folder, { recursive: true, force: true });
	};
	try {
		await eventually('The registry', secondsToStart, async () => {
			if (program.hasEnded) throw new Error('It ended');
			return program.log.includes(url) || undefined;
		});
	} catch (error) {
		await stop();
		throw new Error(`The registry did not start\n${program.log}`, { cause: error });
	}
	return {
		env: { ...trust, npm_config_registry: `https://${npmRegistry}`, HTTPS_PROXY: proxy.url },
		publish: async (tarball) => {
			// The registry accepts every token, but npm publishes only with one.
			const target = [`--registry=${url}`, `--//127.0.0.1:${port}/:_authToken=anybody`];
			const direct = { ...trust, npm_config_noproxy: '127.0.0.1', npm_config_fetch_retries: '0' };
			await command('npm', ['publish', tarball, '--ignore-scripts', ...target], folder, direct);
		},
		stop,
	};
}
