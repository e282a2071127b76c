import { beforeEach, describe, expect, it } from '@jest/globals';
import { Isolation } from './isolation.js';

let isolation: Isolation;
let told: string[];
let ends: Map<string, () => void>;
beforeEach(() => {
  isolation = new Isolation();
  told = [];
  ends = new Map();
});

/** Work that tells when it begins, and ends when the test says so. */
const work = (name: string) => async (): Promise<string> => {
  told.push(name);
  await new Promise<void>((resolve) => void ends.set(name, resolve));
  return name;
};
const end = async (name: string): Promise<void> => {
  ends.get(name)!();
  await settled();
};
/** Lets everything happen that waits for nothing else. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Isolation', () => {
  it('lets work go on side by side', async () => {
    const both = [isolation.beside(work('a')), isolation.beside(work('b'))];
    await settled();
    expect(told).toEqual(['a', 'b']);
    await end('a');
    await end('b');
    expect(await Promise.all(both)).toEqual(['a', 'b']);
  });

  it('begins what must be alone when the rest has ended, and the rest after it', async () => {
    void isolation.beside(work('a'));
    void isolation.beside(work('b'));
    await settled();
    const alone = isolation.alone(work('alone'));
    void isolation.beside(work('c'));
    await end('a');
    expect(told).toEqual(['a', 'b']);
    await end('b');
    expect(told).toEqual(['a', 'b', 'alone']);
    await end('alone');
    expect(await alone).toBe('alone');
    expect(told).toEqual(['a', 'b', 'alone', 'c']);
  });

  it('lets only one be alone at a time', async () => {
    void isolation.alone(work('one'));
    void isolation.alone(work('other'));
    void isolation.beside(work('beside'));
    await settled();
    expect(told).toEqual(['one']);
    await end('one');
    expect(told).toEqual(['one', 'other']);
    await end('other');
    expect(told).toEqual(['one', 'other', 'beside']);
  });

  it('goes on after work that failed, which its caller hears of', async () => {
    const beside = isolation.beside(() => Promise.reject(new Error('beside')));
    await expect(beside).rejects.toThrow('beside');
    await expect(isolation.alone(() => Promise.reject(new Error('alone')))).rejects.toThrow('alone');
    const next = isolation.beside(work('next'));
    await settled();
    await end('next');
    expect(await next).toBe('next');
  });
});
