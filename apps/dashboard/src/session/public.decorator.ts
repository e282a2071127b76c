import { SetMetadata } from '@nestjs/common';

/** The metadata key of routes that need no session. */
export const PUBLIC = Symbol('PUBLIC');

/** Marks what is served to anyone; everything else needs a session. */
export const Public = () => SetMetadata(PUBLIC, true);
