import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCertificate } from './certificate';
import { command } from './command';
import { freePort } from './freePort';
import { installedN8n } from './install';
import { startOnlyWayOut } from './onlyWayOut';
import { Program } from './program';
import { eventually } from './rest';
import { installedVerdaccio } from './verdaccio';

const npmsOwn = 'registry.npmjs.org';
const secondsToStart = 180;
const everybody = { access: '$all', publish: '$all' };

export interface Registry {
	/** What makes n8n, and the npm that it runs, find this registry. */
	env: Record<string, string>;
	publish(tarball: string): Promise<void>;
	stop(): Promise<void>;
}

/**
 * An empty registry on loopback. n8n installs from npm's own registry only, for another one needs a
 * licence, so this one goes by that name: n8n runs as it does behind a company's proxy, which has a
 * certificate of its own, and this proxy leads here and nowhere else.
 */
export async function startRegistry(): Promise<Registry> {
	const verdaccio = await installedVerdaccio();
	// It needs a newer Node than we do, as n8n does.
	const { node } = await installedN8n();
	const folder = await mkdtemp(join(tmpdir(), 'twenty2-registry-'));
	const port = await freePort();
	const url = `https://127.0.0.1:${port}`;
	const https = await createCertificate(npmsOwn, folder);
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
	// All JSON is YAML.
	await writeFile(config, JSON.stringify(settings));

	const program = new Program(node, [verdaccio, '--config', config, '--listen', url], {
		cwd: folder,
		env: { PATH: process.env.PATH, HOME: folder },
	});
	const proxy = await startOnlyWayOut(npmsOwn, port);
	// A machine's npm may have been told whom to trust and what to ask, so it is told again.
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
		env: { ...trust, npm_config_registry: `https://${npmsOwn}`, HTTPS_PROXY: proxy.url },
		publish: async (tarball) => {
			// Anybody may publish, but npm does not even try without a token.
			const here = [`--registry=${url}`, `--//127.0.0.1:${port}/:_authToken=anybody`];
			const direct = { ...trust, npm_config_noproxy: '127.0.0.1', npm_config_fetch_retries: '0' };
			await command('npm', ['publish', tarball, '--ignore-scripts', ...here], folder, direct);
		},
		stop,
	};
}
