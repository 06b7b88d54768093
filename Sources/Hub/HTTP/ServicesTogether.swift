import ServiceLifecycle

/// Services that stop at the same time: some end by the end of what others tell them.
struct ServicesTogether: Service {
    let services: [any Service]

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask { try await service.run() }
            }
            try await group.waitForAll()
        }
    }
}
