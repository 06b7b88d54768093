import Glibc
import GRDB

/// The file of a store, and copies of it.
enum SQLiteFile {
    /// Refuses the database of another program; returns the absolute path, without symbolic links.
    static func check(_ connection: GRDB.Database, _ path: String) throws -> String {
        let tables = try String.fetchAll(connection, sql: "SELECT name FROM sqlite_master")
        guard tables.isEmpty || tables.contains("schema_version") else {
            throw StorageError.broken("\(path) is the database of another program")
        }
        let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'"
        return try String.fetchOne(connection, sql: sql) ?? path
    }

    /// Copies the store as it is now, by SQLite's backup API, and then replaces `path` by the copy.
    static func copy(_ pool: DatabasePool, to path: String) throws(StorageError) {
        let partial = path + ".partial"
        do {
            unsafe unlink(partial)
            let copy = try DatabaseQueue(path: partial)
            try pool.backup(to: copy)
            // In one file, which can be moved and opened where nothing may be written beside it.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        } catch {
            unsafe unlink(partial)
            throw StorageError(sqlite: error)
        }
        guard unsafe rename(partial, path) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            unsafe unlink(partial)
            throw .unavailable("\(path): \(reason)")
        }
    }
}
