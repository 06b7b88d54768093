import Depot
import HubStorage
import Requests

/// The reason why the desk of requests did not do something.
enum RequestError: Error, Hashable, Sendable {
    /// It is no grant, no decision, or not about this request.
    case malformed(String)
    /// It has no valid signature of the kind that is needed.
    case notSigned(String)
    case tooManyHosts
    /// The person may not do this.
    case notAllowed(String)
    case notFound
    /// Another request has the id.
    case idTaken
    /// The request is decided.
    case decided(AccessRequest.State)
    /// The time of it has passed.
    case over(String)
    /// None of these hosts would take it; none at all if no host is meant.
    case refused([HostOutlook])
    /// The person has this many requests that wait.
    case tooManyRequests(Int)
    /// The request has as many signatures as a file may have.
    case tooManySignatures
    /// A shelf has no room.
    case full
    case store(StorageError)
}

extension RequestError {
    /// Runs a change of the store whose body says why it did nothing.
    static func write<Value: Sendable>(
        _ database: any Database,
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Result<Value, Self>
    ) async throws(RequestError) -> Value {
        let result: Result<Value, Self>
        do throws(StorageError) {
            result = try await database.write(body)
        } catch {
            throw .store(error)
        }
        return try result.get()
    }

    static func read<Value: Sendable>(
        _ database: any Database,
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(RequestError) -> Value {
        do throws(StorageError) {
            return try await database.read(body)
        } catch {
            throw .store(error)
        }
    }
}
