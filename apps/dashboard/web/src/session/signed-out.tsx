import { Code, Container, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { CopyText } from '../parts/copy-text.js';

const COMMAND = 'npm run cli -- operators login-link --operator NAME';

/** Says how to get in. */
export function SignedOut({ children }: { children: ReactNode }) {
  useEffect(() => {
    document.title = 'Sign in · Tenant provisioner';
  }, []);
  return (
    <Container size="xs" py={64} component="main">
      <Paper withBorder p="lg" radius="md">
        <Stack gap="md">
          <Title order={1} size="h3">
            You are not signed in
          </Title>
          <Text component="div" role="alert">
            {children}
          </Text>
          <Text>Ask for a new link. Whoever runs the service makes one with</Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {COMMAND}
          </Code>
          <div>
            <CopyText text={COMMAND} label="Copy the command" />
          </div>
          <Text size="sm" c="dimmed">
            A link lets one operator in, once. The session lasts eight hours.
          </Text>
        </Stack>
      </Paper>
    </Container>
  );
}
