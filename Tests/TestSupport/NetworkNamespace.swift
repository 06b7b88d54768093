import CTestSupport
import Foundation
import Synchronization

/// The network namespace of one test; it has no name and goes away with the value.
package final class NetworkNamespace: Sendable {
    private let descriptor: Int32

    /// Makes a namespace with its loopback up.
    package init() throws {
        descriptor = try onThread { ctest_new_network_namespace() }
        guard descriptor >= 0 else { throw CommandFailure("no network namespace: errno \(errno)") }
        try ip("link", "set", "lo", "up")
    }

    deinit {
        close(descriptor)
    }

    /// Runs `body` on a thread in the namespace; sockets opened there belong to it for their life.
    package func run<Value: Sendable>(_ body: @Sendable @escaping () throws -> Value) throws
        -> Value
    {
        let descriptor = descriptor
        return try onThread {
            guard ctest_enter_network_namespace(descriptor) == 0 else {
                throw CommandFailure("cannot enter the namespace: errno \(errno)")
            }
            return try body()
        }
    }

    /// The path of the namespace for nsenter, while this process lives.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Runs a program in the namespace and returns its output; it must succeed.
    @discardableResult
    package func command(_ arguments: String..., input: String = "") throws -> String {
        let result = try Command.run(
            ["nsenter", "--net=\(path)"] + arguments,
            input: Array(input.utf8)
        )
        guard result.status == 0 else {
            throw CommandFailure("\(arguments.joined(separator: " ")): \(result.errors)")
        }
        return result.text
    }

    package func ip(_ arguments: String...) throws {
        try ip([arguments.joined(separator: " ")])
    }

    /// Runs lines of `ip` in the namespace, by one process.
    package func ip(_ lines: [String]) throws {
        let result = try command("ip", "-batch", "-", input: lines.map { $0 + "\n" }.joined())
        guard result.isEmpty else { throw CommandFailure(result) }
    }

    /// Links this namespace (the server) with another (the client) by a veth pair, and waits until
    /// it carries packets.
    ///
    /// The addresses have a prefix length.
    package func link(
        to client: NetworkNamespace,
        server: [String],
        client addresses: [String]
    ) throws {
        let setUp = { (name: String, addresses: [String]) in
            ["link set \(name) up"]
                + addresses.map {
                    "addr add \($0) dev \(name) \($0.contains(":") ? "nodad" : "scope global")"
                }
        }
        let pair = "link add veth0 type veth peer name veth1 netns \(client.path)"
        try ip([pair] + setUp("veth0", server))
        try client.ip(setUp("veth1", addresses))
        try eventually { try carries("veth0") && client.carries("veth1") }
    }

    /// Returns whether an interface that is up carries packets: the kernel does that with a delay.
    private func carries(_ name: String) throws -> Bool {
        try run {
            var list: UnsafeMutablePointer<ifaddrs>?
            guard unsafe getifaddrs(&list) == 0, let first = unsafe list else { return false }
            defer { unsafe freeifaddrs(first) }
            return unsafe sequence(first: first) { unsafe $0.pointee.ifa_next }.contains {
                unsafe $0.pointee.ifa_flags & UInt32(IFF_RUNNING) != 0
                    && String(cString: $0.pointee.ifa_name) == name
            }
        }
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let value = Mutex<Result<Value, any Error>?>(nil)
}

/// Runs `body` on a thread that ends with it, since a changed namespace must not reach others.
private func onThread<Value: Sendable>(
    _ body: @Sendable @escaping () throws -> Value
) throws -> Value {
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
        let result = Result { try body() }
        outcome.value.withLock { $0 = result }
        done.signal()
    }
    thread.start()
    done.wait()
    guard let result = outcome.value.withLock({ $0 }) else {
        throw CommandFailure("the thread ended early")
    }
    return try result.get()
}
