import Linux

/// The limits of what conntrack can vouch for, as its switches are now (nf_conntrack-sysctl).
enum ConnectionTracking {
    /// True if only an ACK that fits our SYN-ACK makes a connection.
    static var checksNumbers: Bool {
        KernelSwitch.isOn("net/netfilter/nf_conntrack_tcp_be_liberal") != true
    }

    /// True if conntrack ignores connections that it did not see begin.
    static var picksUpNothing: Bool {
        KernelSwitch.isOn("net/netfilter/nf_conntrack_tcp_loose") == false
    }
}
