/// The stores by their URLs, as `store` in hub.toml has them.
package enum Stores {
    /// Opens a store and brings its tables to the version of this hub.
    ///
    /// - Parameters:
    ///   - url: `sqlite:PATH`, or `postgresql://…` as libpq takes it, also with several hosts.
    ///   - poolSize: the connections that calls share, one of them for changes.
    /// - Returns: the store, to be closed.
    /// - Throws: also if the store is of another program or a later version.
    package static func open(
        _ url: String,
        poolSize: Int
    ) async throws(StorageError) -> any Database {
        let scheme = url.prefix { $0 != ":" }
        switch scheme {
        case "sqlite":
            let path = String(url.dropFirst(scheme.count + 1))
            return try await SQLiteDatabase.open(path, poolSize: poolSize)
        case "postgresql", "postgres":
            return try await PostgresDatabase.open(url, poolSize: poolSize)
        default:
            // Not the URL itself, which may have a password.
            throw .unavailable("its URL must be sqlite:PATH or postgresql://HOST/NAME")
        }
    }
}
