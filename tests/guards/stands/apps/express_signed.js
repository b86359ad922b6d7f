'use strict';

// An Express application with the signature guard: options from the first argument, its port on the first line.
// `replayFolder` among them is where signatures are remembered.

const { createHash } = require('node:crypto');
const fs = require('node:fs/promises');
const path = require('node:path');
const express = require('express');
const { signatureGuard } = require('./index.js');

/** Remembers in files, which processes share: to make one that must not be there yet is one step. */
function inFolder(folder) {
  return {
    async first(key) {
      const file = path.join(folder, createHash('sha256').update(key).digest('hex'));
      try {
        await fs.writeFile(file, '', { flag: 'wx' });
        return true;
      } catch (error) {
        if (error.code === 'EEXIST') return false;
        throw error;
      }
    },
  };
}

const { replayFolder, ...options } = JSON.parse(process.argv[2]);
const guard = signatureGuard({ ...options, ...(replayFolder && { replay: inFolder(replayFolder) }) });
const app = express();
app.use(guard);
app.use(express.json(), express.raw({ type: () => true, limit: '4mb' }));
app.use((req, res) => res.set('x-verdict', req.wicketgateGuard).status(200).send(req.body ?? ''));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
server.on('upgrade', guard.upgrade((req, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
  socket.pipe(socket);
}));
