import Glibc

/// The environment variables by which the service manager informs the agent, read once at start.
package struct ServiceEnvironment: Sendable {
    /// The socket of sd_notify(3): a path, or a name that begins with `@`.
    package let notifySocket: String?
    /// The longest interval between watchdog messages that the service manager tolerates.
    package let watchdog: Duration?
    /// The names of the passed descriptors, from 3 upwards.
    package let descriptorNames: [String]

    /// Reads `variables` as the process `processID`: those for another process do not count.
    package init(_ variables: [String: String], processID: Int32) {
        func isMeant(_ name: String) -> Bool {
            variables[name].map { $0 == String(processID) } ?? true
        }
        notifySocket = variables["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        watchdog = variables["WATCHDOG_USEC"].flatMap(Int64.init)
            .flatMap { $0 > 0 && isMeant("WATCHDOG_PID") ? .microseconds($0) : nil }
        let count = variables["LISTEN_FDS"].flatMap(Int.init) ?? 0
        // LISTEN_PID is not optional: without it the descriptors may be for another process.
        let isForUs = variables["LISTEN_PID"] == String(processID) && (1...1024).contains(count)
        let names = (variables["LISTEN_FDNAMES"] ?? "").split(
            separator: ":",
            omittingEmptySubsequences: false
        )
        descriptorNames = (0..<(isForUs ? count : 0)).map {
            $0 < names.count ? String(names[$0]) : ""
        }
    }

    /// Removes the variables from the process's environment, so that no child acts on them.
    ///
    /// Nothing else may read or change the environment meanwhile: call it before there are threads.
    package static func take() -> ServiceEnvironment {
        var variables: [String: String] = [:]
        for name in names {
            guard let value = unsafe getenv(name) else { continue }
            variables[name] = unsafe String(cString: value)
            unsafe unsetenv(name)
        }
        return ServiceEnvironment(variables, processID: getpid())
    }

    private static let names = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
        "LISTEN_PID",
    ]
}
