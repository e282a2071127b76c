import { z } from 'zod';

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/**
 * A zod schema as OpenAPI 3.1 takes it (JSON Schema 2020-12). A schema with `.meta({ id })` becomes a component of that name; where the
 * request's form of a component differs from the response's, it is called `<id>Input`. Undefined for what is no zod schema.
 */
export function convertZod(
  schema: unknown,
  { schemaType }: { schemaType: Direction },
): { schema: Json; components: Record<string, Json> } | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $defs = {}, $schema: _, ...root } = toJsonSchema(schema, schemaType, 'throw');
  // Only compared: what a request's parser makes of a member, a secret for instance, need not be JSON.
  const others = toJsonSchema(schema, schemaType === 'input' ? 'output' : 'input', 'any').$defs as
    Record<string, Json> | undefined;
  const components = $defs as Record<string, Json>;
  const nameOf = (id: string): string =>
    schemaType === 'input' && JSON.stringify(components[id]) !== JSON.stringify(others?.[id]) ? `${id}Input` : id;
  const point = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(point);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) =>
        // What a string holds points into the document already.
        key === '$ref' && typeof member === 'string' && member.startsWith('#/$defs/')
          ? [key, `#/components/schemas/${nameOf(member.slice('#/$defs/'.length))}`]
          : [key, point(member)],
      ),
    );
  };
  return {
    schema: point(root) as Json,
    components: Object.fromEntries(
      Object.entries(components).map(([id, definition]) => [nameOf(id), point(definition) as Json]),
    ),
  };
}

function toJsonSchema(schema: z.ZodType, io: Direction, unrepresentable: 'throw' | 'any'): Json {
  return z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable,
    override: ({ jsonSchema, zodSchema }) => {
      delete jsonSchema.id;
      const { def } = zodSchema._zod;
      // A client must not break when a response gains a member.
      if (io === 'output' && def.type === 'object' && def.catchall === undefined)
        delete jsonSchema.additionalProperties;
    },
  });
}
