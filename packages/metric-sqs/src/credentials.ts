import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import type { SqsOptions } from "./options.ts";

type Credentials = Pick<SQSClientConfig, "credentials">;

/** The credentials that the options ask for; nothing when that is the SDK's own chain, which the client finds by itself. */
export async function createCredentials(
  options: SqsOptions,
  region: string | undefined,
): Promise<Credentials> {
  const { profile, role, webIdentity } = options;
  if (profile === undefined && role === undefined && webIdentity === undefined) return {};
  // Seldom needed, and not small.
  const { fromIni, fromTemporaryCredentials, fromTokenFile } =
    await import("@aws-sdk/credential-providers");
  const clientConfig = region === undefined ? {} : { clientConfig: { region } };
  const base =
    webIdentity === undefined
      ? profile && fromIni({ profile, ...clientConfig })
      : fromTokenFile({
          roleArn: webIdentity.roleArn,
          webIdentityTokenFile: webIdentity.tokenFile,
          roleSessionName: webIdentity.sessionName,
          ...clientConfig,
        });
  if (role === undefined) return base ? { credentials: base } : {};
  const params = {
    RoleArn: role.arn,
    RoleSessionName: role.sessionName,
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
  };
  return {
    credentials: fromTemporaryCredentials({
      params,
      ...(base ? { masterCredentials: base } : {}),
      ...clientConfig,
    }),
  };
}
