import Glibc
import Grants
import HubSettings
import HubStorage
import Linux
import Logging
import ServiceLifecycle
import SystemPackage
import UnixSignals

/// The actions of the program jitgate-hub.
package enum HubProgram {
    package static let version = Release.version
    /// The connections to the store that calls share.
    private static let poolSize = 8
    /// The time that calls under way have when the hub stops.
    private static let grace: Duration = .seconds(10)

    /// Runs the hub that a file describes, until SIGTERM.
    package static func serve(_ file: String) async throws(HubFailure) {
        let environment = ServiceEnvironment.take()
        signal(SIGPIPE, SIG_IGN)
        let configuration = try configuration(file)
        let logger = Logger(label: "jitgate-hub") { _ in LineLogHandler() }
        let database = try await opened(configuration.places.store)
        let parts = try await HubParts(configuration, database, logger: logger) { clock }
        let notifier = try? ServiceNotifier(environment.notifySocket)
        let application = HubApplication(parts, bounds: .ofProcess) { _ in
            await note(.started, parts)
            logger.notice("ready", metadata: ["url": "\(configuration.places.url)"])
            notifier?.send(.ready)
        }
        let failure = await run(application, logger)
        notifier?.send(.stopping)
        await note(.stopped, parts)
        await database.close()
        if let failure { throw failure }
    }

    /// Checks what a hub would start with; returns what to tell.
    package static func check(_ file: String) async throws(HubFailure) -> String {
        let configuration = try configuration(file)
        if let files = configuration.places.tls {
            _ = try TLSFiles.configuration(files, of: configuration)
        }
        let database = try await opened(configuration.places.store)
        let logger = Logger(label: "jitgate-hub") { _ in SwiftLogNoOpLogHandler() }
        _ = try await HubParts(configuration, database, logger: logger) { clock }
        await database.close()
        return "\(file): ok"
    }

    /// Writes a copy of the store.
    package static func backup(_ file: String, to path: String) async throws(HubFailure) {
        let database = try await opened(configuration(file).places.store)
        do throws(StorageError) {
            try await database.backup(to: path)
        } catch {
            throw HubFailure(.system, "\(path) was not written: \(error)")
        }
        await database.close()
    }

    /// Writes a failure to the standard error.
    package static func tell(_ failure: HubFailure) {
        let lines = failure.description.split(separator: "\n").map { "jitgate-hub: \($0)\n" }
        _ = try? FileDescriptor.standardError.writeAll(lines.joined().utf8)
    }

    private static var clock: Moment {
        Moment(microseconds: ClockReading.now().wallMicroseconds)
    }

    private static func configuration(_ file: String) throws(HubFailure) -> HubConfiguration {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(file, limit: HubConfiguration.fileLimit)
        } catch {
            throw HubFailure(.configuration, "\(file) cannot be read: \(error)")
        }
        do throws(HubConfigurationError) {
            return try HubConfiguration(parsing: bytes, file: file)
        } catch {
            throw HubFailure(.configuration, error.description)
        }
    }

    private static func opened(_ store: StorePlace) async throws(HubFailure) -> any Database {
        do throws(StorageError) {
            return try await Stores.open(store.url, poolSize: poolSize)
        } catch {
            throw HubFailure(.system, "\(error)")
        }
    }

    private static func run(_ application: HubApplication, _ logger: Logger) async -> HubFailure? {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: application)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = grace
        do {
            try await ServiceGroup(configuration: configuration).run()
            return nil
        } catch let failure as HubFailure {
            return failure
        } catch {
            return HubFailure(.system, "the hub cannot go on: \(error)")
        }
    }

    /// Notes that a hub began or ended; without a store there is nothing to note it in.
    private static func note(_ event: ActivityEvent, _ parts: HubParts) async {
        let entry = ActivityEntry(
            event,
            at: parts.now(),
            "jitgate-hub \(version) \(event.rawValue)"
        )
        _ = try? await parts.database.write { statements throws(StorageError) in
            try ActivityRecords(statements: statements).append(entry)
        }
    }
}

extension HubApplication.Bounds {
    /// The bounds of this process, whose limit of descriptors is raised as far as it may be.
    fileprivate static var ofProcess: Self {
        var bounds = Self()
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(kind, &limit) == 0 else { return bounds }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(kind, &limit)
        // The store, the log and files need some.
        let free = Int(clamping: limit.rlim_cur) - 256
        bounds.connections = max(64, min(bounds.connections, free))
        bounds.connectionsOfAddress = max(32, bounds.connections / 4)
        return bounds
    }
}
