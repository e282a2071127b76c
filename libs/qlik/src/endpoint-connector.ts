import net from 'node:net';
import { buildConnector } from 'undici';

/** Connects to the one development endpoint, whatever its address; TLS is checked against the endpoint's own host. */
export function endpointConnector(connectTimeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  return (target, callback) => {
    const { servername: _tenant, ...endpoint } = target;
    connect(net.isIP(target.hostname) === 0 ? { ...endpoint, servername: target.hostname } : endpoint, callback);
  };
}
