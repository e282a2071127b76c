import { describe, expect, it } from '@jest/globals';
import { parseConfig, Secret } from '@app/platform';
import { qlikConnectionSettings, qlikSettings } from './qlik.config.js';

const clients = (value: unknown) => ({ QLIK_PARENT_CLIENTS: JSON.stringify(value) });
const good = clients({ eu: { clientId: 'p', clientSecret: 'parent-secret-0a1b2c3d4e5f' } });

describe('qlikSettings', () => {
  it('has defaults for all but the parent clients, whose secrets leave it as Secret', () => {
    const config = parseConfig(qlikSettings, good);
    expect(config).toMatchObject({ QLIK_TIMEOUT_SECONDS: 20_000, QLIK_LIST_LAG_SECONDS: 10_000 });
    expect(config.QLIK_PARENT_CLIENTS.eu?.clientSecret).toBeInstanceOf(Secret);
    expect(JSON.stringify(config)).not.toContain('parent-secret');
  });

  it('allows itself half of what Qlik allows, unless it is told otherwise', () => {
    expect(parseConfig(qlikSettings, good)).toMatchObject({
      QLIK_READS_PER_MINUTE: 500,
      QLIK_WRITES_PER_MINUTE: 50,
      QLIK_CIRCUIT_OPEN_SECONDS: 30_000,
    });
    const env = {
      ...good,
      QLIK_READS_PER_MINUTE: '1000',
      QLIK_WRITES_PER_MINUTE: '1',
      QLIK_CIRCUIT_OPEN_SECONDS: '0.2',
    };
    expect(parseConfig(qlikSettings, env)).toMatchObject({
      QLIK_READS_PER_MINUTE: 1_000,
      QLIK_WRITES_PER_MINUTE: 1,
      QLIK_CIRCUIT_OPEN_SECONDS: 200,
    });
    expect(() => parseConfig(qlikSettings, { ...good, QLIK_WRITES_PER_MINUTE: '0' })).toThrow('QLIK_WRITES_PER_MINUTE');
  });

  it('reads fractions of seconds and the endpoint', () => {
    const env = { QLIK_TIMEOUT_SECONDS: '0.5', QLIK_ENDPOINT: 'http://127.0.0.1:4000/' };
    expect(parseConfig(qlikConnectionSettings, env)).toEqual({
      QLIK_TIMEOUT_SECONDS: 500,
      QLIK_ENDPOINT: 'http://127.0.0.1:4000',
    });
  });

  it.each(['ftp://x', 'localhost:4000', 'http://u:p@x', 'http://x/path', 'http://x?y', 'http://x#y', 'x'])(
    'refuses the endpoint %s',
    (endpoint) => {
      expect(() => parseConfig(qlikConnectionSettings, { QLIK_ENDPOINT: endpoint })).toThrow('QLIK_ENDPOINT: must be');
    },
  );

  it.each([
    ['no JSON', { QLIK_PARENT_CLIENTS: '{parent-secret-0a1b2c3d4e5f' }],
    ['no object', clients(['parent-secret-0a1b2c3d4e5f'])],
    ['no region', clients({})],
    ['a region that is none', clients({ 'EU parent-secret-0a1b2c3d4e5f': { clientId: 'p', clientSecret: 's' } })],
    ['no secret', clients({ eu: { clientId: 'p', 'parent-secret-0a1b2c3d4e5f': 1 } })],
    ['an empty secret', clients({ eu: { clientId: 'p', clientSecret: '' } })],
    ['text for a client', clients({ eu: 'parent-secret-0a1b2c3d4e5f' })],
    ['a number for a secret', clients({ eu: { clientId: 'p', clientSecret: 5 } })],
  ])('refuses %s for the parent clients, naming the key and no value', (_name, env) => {
    let message = '';
    try {
      parseConfig(qlikSettings, env);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('QLIK_PARENT_CLIENTS: ');
    expect(message).not.toContain('parent-secret');
    expect(message).not.toContain('Invalid');
  });
});
