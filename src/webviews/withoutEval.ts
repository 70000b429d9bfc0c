/**
 * Imported first, before any schema is made: zod would compile its parsers with eval, which the content security policy
 * forbids (and even its probe for that would be reported as a violation).
 */
import * as z from "zod";

z.config({ jitless: true });
