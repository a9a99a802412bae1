// Read by Node before Azurite: what Azurite has answered is on the disk, whenever it is killed.
//
// Azurite keeps what it knows in memory and writes it whole every five seconds (LokiJS 1.5). Here
// each change is a line of a journal beside that file as well, which is read back at the start.
"use strict";

const fs = require("fs");
const load = require("module").createRequire(process.argv[1]);
const Loki = load("lokijs");

const files = new WeakMap(); // database file by collection
const open = new Map(); // open journal by database file
const wrapped = new WeakSet();

const journal = (file) => `${file}.journal`;
const former = (file) => `${file}.journal.old`;

function note(collection, act, content) {
  const file = files.get(collection);
  if (file === undefined) return;
  if (!open.has(file)) open.set(file, fs.openSync(journal(file), "a", 0o600));
  fs.writeSync(open.get(file), `${JSON.stringify([collection.name, act, content])}\n`);
}

// What is written whole from now on has all that the journal has so far.
function turn(file) {
  if (open.has(file)) fs.closeSync(open.get(file));
  open.delete(file);
  if (!fs.existsSync(journal(file))) return;
  fs.appendFileSync(former(file), fs.readFileSync(journal(file)), { mode: 0o600 });
  fs.unlinkSync(journal(file));
}

function lines(file) {
  const parts = [former(file), journal(file)].filter((each) => fs.existsSync(each));
  return parts.flatMap((each) => fs.readFileSync(each, "utf8").split("\n")).flatMap((line) => {
    try {
      return line ? [JSON.parse(line)] : [];
    } catch {
      return []; // cut off by a kill: it was not answered
    }
  });
}

function replayed(text, file) {
  const changes = lines(file);
  if (typeof text !== "string" || changes.length === 0) return text;
  const database = JSON.parse(text);
  for (const collection of database.collections) {
    const kept = new Map(collection.data.map((each) => [each.$loki, each]));
    for (const [name, act, content] of changes) {
      if (name !== collection.name) continue;
      if (act === "put") kept.set(content.$loki, content);
      else if (act === "drop") content.forEach((each) => kept.delete(each));
      else kept.clear();
    }
    collection.data = [...kept.values()];
    collection.idIndex = collection.data.map((each) => each.$loki);
    collection.maxId = Math.max(collection.maxId, 0, ...collection.idIndex);
    for (const index of Object.values(collection.binaryIndices)) {
      index.dirty = true;
      index.values = collection.data.map((_, place) => place);
    }
  }
  return JSON.stringify(database);
}

function kept(adapter) {
  if (adapter === null || wrapped.has(adapter)) return;
  wrapped.add(adapter);
  const { saveDatabase, loadDatabase } = adapter;
  adapter.saveDatabase = function save(file, text, done) {
    turn(file);
    saveDatabase.call(this, file, text, (error) => {
      if (!error && fs.existsSync(former(file))) fs.unlinkSync(former(file));
      done(error);
    });
  };
  adapter.loadDatabase = function read(file, done) {
    loadDatabase.call(this, file, (text) => done(replayed(text, file)));
  };
}

function around(prototype, name, act) {
  const original = prototype[name];
  prototype[name] = function wrapper(...given) {
    return act.call(this, () => original.apply(this, given), ...given);
  };
}

for (const name of ["saveDatabaseInternal", "loadDatabaseInternal"]) {
  around(Loki.prototype, name, function before(call) {
    kept(this.persistenceAdapter);
    return call();
  });
}
around(Loki.prototype, "getCollection", function found(call) {
  const collection = call();
  if (collection) files.set(collection, this.filename);
  return collection;
});
around(Loki.Collection.prototype, "insertOne", function inserted(call) {
  const made = call();
  if (made) note(this, "put", made);
  return made;
});
around(Loki.Collection.prototype, "update", function updated(call, document) {
  const made = call();
  if (!Array.isArray(document)) note(this, "put", document);
  return made;
});
around(Loki.Collection.prototype, "remove", function removed(call, document) {
  const one = typeof document === "number" ? document : document.$loki;
  const made = call();
  if (one !== undefined) note(this, "drop", [one]);
  return made;
});
around(Loki.Collection.prototype, "removeBatchByPositions", function removed(call, places) {
  const gone = places.map((place) => this.data[place] && this.data[place].$loki);
  const made = call();
  note(this, "drop", gone);
  return made;
});
around(Loki.Collection.prototype, "clear", function cleared(call) {
  const made = call();
  note(this, "clear", null);
  return made;
});
