// The environment of the steps that need Django.
import { BOOT_ONLY } from "../../config/variables.ts";
import { forApplication, identityOf } from "../../plan/environment.ts";
import { DJANGO_USER } from "../../plan/paths.ts";

/** Without the variables of the superuser. */
export function djangoEnvironment(
  { migrationsDatabaseUrl }: { migrationsDatabaseUrl?: string | undefined },
  environment: NodeJS.ProcessEnv,
  runAsPrefix: readonly string[],
): NodeJS.ProcessEnv {
  return {
    ...forApplication(environment, BOOT_ONLY),
    ...(migrationsDatabaseUrl === undefined ? {} : { DATABASE_URL: migrationsDatabaseUrl }),
    ...(runAsPrefix.length === 0 ? {} : identityOf(DJANGO_USER)),
  };
}
