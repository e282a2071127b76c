import { z } from 'zod';

/** The body of every error: Problem Details (RFC 9457). Facts about the problem may stand beside these members. */
export const Problem = z
  .looseObject({
    type: z.string().meta({ description: 'Stable; relative to the API, and explained there.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().meta({ description: 'What happened, and what to do next.' }),
    instance: z.string().meta({ description: 'The path that was asked for.' }),
    code: z.string().meta({ description: 'Stable: what to decide by.' }),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({
            description:
              'JSON pointer (RFC 6901) to a part of the body; for a query parameter or header "/" and its name.',
          }),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'Problem Details (RFC 9457), with facts about the problem beside them.' });
export type Problem = z.output<typeof Problem>;
