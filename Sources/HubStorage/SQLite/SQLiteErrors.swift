import GRDB

extension StorageError {
    /// The reason that an error of GRDB, or of a body, stands for.
    init(sqlite error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as DatabaseError: self.init(error)
        default: self = .broken("\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        let text = error.message ?? "SQLite: error \(error.extendedResultCode.rawValue)"
        // The memory that connections share is a file, which grows as the store does.
        let noSharedMemory = error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(text)
        case .SQLITE_IOERR where noSharedMemory: self = .full(text)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_READONLY,
            .SQLITE_PERM, .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_MISUSE, .SQLITE_ABORT:
            self = .unavailable(text)
        default: self = .broken(text)
        }
    }
}
