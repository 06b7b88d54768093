import Depot
import FetchSettings
import Glibc
import Grants
import Linux
import SystemPackage
import Transfer

/// The program jitgate-fetch: reads its configuration and brings files until it is told to end.
package enum Fetching {
    package static let version = Release.version

    /// Reads the configuration, and the credentials that it names.
    package static func check(_ path: String) throws(FetchError) {
        _ = try identity(try configuration(at: path))
    }

    /// Brings all files once; throws if some are missing or an object cannot be had.
    package static func once(_ path: String) throws(FetchError) -> Bool {
        let stop = try stopSignal()
        var carrier = try carrier(try configuration(at: path), stoppingAt: stop.descriptor)
        repeat {
            if carrier.round() { return false }
        } while carrier.hasMore && carrier.board.state.silentSince == nil
        return carrier.isComplete
    }

    /// Brings files until SIGTERM.
    package static func run(_ path: String) throws(FetchError) {
        let stop = try stopSignal()
        var carrier = try carrier(try configuration(at: path), stoppingAt: stop.descriptor)
        let log = FetchLog()
        log.write(.info, "started; the first request comes within a minute")
        while !turn(of: &carrier, until: stop) {}
        log.write(.info, "stopped")
    }

    /// Does what is due, or sleeps until something is; returns whether the process is to end.
    private static func turn(of carrier: inout Carrier, until stop: StopSignal) -> Bool {
        let (now, due) = (Carrier.now, carrier.cadence.due)
        defer { if due <= now { MemoryTrim.release() } }
        if due <= now { return carrier.round() }
        let report = carrier.reportDue ?? due
        if report <= now { return carrier.report() }
        switch stop.sleep(for: min(due, report) - now, or: carrier.reporter?.descriptor) {
        case .stop: return true
        case .timeout: return false
        case .readable:
            carrier.statusChanged()
            return false
        }
    }

    private static func stopSignal() throws(FetchError) -> StopSignal {
        do throws(Errno) {
            return try StopSignal()
        } catch {
            throw FetchError("SIGTERM cannot be waited for: \(error)")
        }
    }

    /// A carrier that reads the credentials which a configuration names.
    static func carrier(
        _ configuration: FetchConfiguration,
        stoppingAt stop: Int32
    ) throws(FetchError) -> Carrier {
        let reader = try reader(configuration, stoppingAt: stop)
        let log = FetchLog()
        let state = CarrierState(
            version: version,
            started: StateBoard.wallClock,
            depot: configuration.url,
            inbox: configuration.inbox
        )
        return Carrier(
            configuration,
            reader: reader,
            board: StateBoard(state, path: configuration.statePath, log: log),
            log: log
        )
    }

    /// A connection to the depot that a configuration names.
    static func reader(
        _ configuration: FetchConfiguration,
        stoppingAt stop: Int32
    ) throws(FetchError) -> DepotReader {
        let connection = DepotConnection(
            as: try identity(configuration),
            agent: "jitgate-fetch/\(version)",
            stoppingAt: stop
        )
        guard let connection else { throw FetchError("libcurl cannot be initialised") }
        return DepotReader(url: configuration.url, connection: connection)
    }

    private static func configuration(at path: String) throws(FetchError) -> FetchConfiguration {
        let bytes = try read(path, limit: FetchConfiguration.fileLimit)
        do throws(FetchConfigurationError) {
            return try FetchConfiguration(parsing: bytes, file: path)
        } catch {
            throw FetchError(configuration: error.description)
        }
    }

    private static func identity(
        _ configuration: FetchConfiguration
    ) throws(FetchError) -> Identity {
        var identity = Identity()
        identity.authorities = configuration.authorities
        identity.certificate = configuration.certificate
        guard let path = configuration.credentials else { return identity }
        let bytes = try read(path, limit: CredentialsFile.limit)
        do throws(CredentialsFile.Failure) {
            identity.credentials = try CredentialsFile(parsing: bytes)
        } catch {
            throw FetchError(configuration: "\(path): \(error)")
        }
        return identity
    }

    private static func read(_ path: String, limit: Int) throws(FetchError) -> [UInt8] {
        do throws(Errno) {
            return try SmallFile.read(path, limit: limit, awaiting: false)
        } catch {
            throw FetchError(configuration: "\(path): \(error)")
        }
    }
}

extension FetchConfiguration {
    /// The state file, beside the inbox.
    fileprivate var statePath: String { beside("state.json") }
    /// The file with the sizes of the log that were reported.
    var reportedPath: String { beside("reported") }

    private func beside(_ name: String) -> String {
        let slash = inbox.lastIndex(of: "/") ?? inbox.startIndex
        return inbox[..<slash] + "/" + name
    }
}
