import { expect, it } from '@jest/globals';
import { ProgressBar } from './progress-bar.js';

const barOn = (showsProgress: boolean) => {
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  return { told, bar: new ProgressBar({ showsProgress, showProgress: tell, note: tell }, 'accepted', 40) };
};

it('is a bar on a terminal', () => {
  const { told, bar } = barOn(true);
  bar.show(1);
  bar.show(20);
  expect(told).toEqual([
    `[${'.'.repeat(30)}] 1 of 40 accepted`,
    `[${'#'.repeat(15)}${'.'.repeat(15)}] 20 of 40 accepted`,
  ]);
});

it('is a line for each tenth elsewhere', () => {
  const { told, bar } = barOn(false);
  for (let done = 1; done <= 40; done++) bar.show(done);
  expect(told).toEqual(Array.from({ length: 10 }, (_, tenth) => `${(tenth + 1) * 4} of 40 accepted`));
});
