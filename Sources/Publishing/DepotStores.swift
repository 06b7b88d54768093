package import CommandSupport
package import FetchSettings
import Grants
import Transfer

/// The files by which a publisher and its depot know each other.
package struct DepotFiles: Hashable, Sendable {
    /// The authorities that the depot's certificate may come from; `nil`: the system's.
    package var authorities: String?
    /// The client certificate and its key, in one file.
    package var certificate: String?
    /// The keys of an S3-compatible store.
    package var credentials: String?

    package init() {}
}

/// The depots that can be written to, by their places.
package enum DepotStores {
    /// Opens a depot; nothing is asked yet.
    ///
    /// `agent` is the program and its version, for the logs of a web server; `patience` the times that a request is
    /// repeated which the depot is too busy for. Requests end when the descriptor `stop` can be read; -1: none does.
    package static func open(
        _ place: DepotPlace,
        as files: DepotFiles,
        agent: String,
        patience: Int = 4,
        stoppingAt stop: Int32 = -1
    ) throws(CommandFailure) -> any DepotStore {
        let url: String
        switch place {
        case .directory(let path): return DirectoryStore(path)
        case .web(let text): url = text
        }
        var identity = Identity()
        (identity.authorities, identity.certificate) = (files.authorities, files.certificate)
        identity.credentials = try files.credentials.map(keys)
        guard let connection = DepotConnection(as: identity, agent: agent, stoppingAt: stop) else {
            throw CommandFailure(.unavailable, "libcurl cannot be initialised")
        }
        return WebStore(url, connection, patience: patience)
    }

    private static func keys(_ path: String) throws(CommandFailure) -> CredentialsFile {
        let bytes = try GrantFile.read(path, limit: CredentialsFile.limit)
        do throws(CredentialsFile.Failure) {
            return try CredentialsFile(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }
}
