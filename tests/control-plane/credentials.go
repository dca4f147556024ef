package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// adminName is the user of the kubeconfig. Like every certificate here, its own puts it in system:masters.
const adminName = "admin"

// credentials are the certificates and keys of a control plane, by file name, as PEM. They are kept with the data,
// so that a kubeconfig or a token from before a restart still works after it.
type credentials map[string][]byte

var credentialFiles = []string{
	"ca.crt", "apiserver.crt", "apiserver.key", "admin.crt", "admin.key", "controllers.crt", "controllers.key",
	"service-account.key", "service-account.pub",
}

func loadOrCreateCredentials(dir *directory) (credentials, error) {
	folder := dir.file(pkiFolder)
	if dir.resumed {
		return loadCredentials(folder)
	}
	c, err := createCredentials()
	if err != nil {
		return nil, err
	}
	return c, c.write(folder)
}

func loadCredentials(folder string) (credentials, error) {
	c := credentials{}
	for _, name := range credentialFiles {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		c[name] = data
	}
	return c, nil
}

// write makes the folder appear with everything in it, so that a process killed on the way leaves none.
func (c credentials) write(folder string) error {
	temporary := folder + unfinished
	if err := errors.Join(os.RemoveAll(temporary), os.Mkdir(temporary, 0o700)); err != nil {
		return err
	}
	for name, data := range c {
		if err := os.WriteFile(filepath.Join(temporary, name), data, 0o600); err != nil {
			return err
		}
	}
	return os.Rename(temporary, folder)
}

func createCredentials() (credentials, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	c := credentials{"ca.crt": encode(cert.CertificateBlockType, authority.certificate.Raw)}
	masters := []string{"system:masters"}
	for name, template := range map[string]*x509.Certificate{
		"apiserver": {
			Subject:     pkix.Name{CommonName: "kube-apiserver"},
			DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		},
		"admin": {
			Subject:     pkix.Name{CommonName: adminName, Organization: masters},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
		"controllers": {
			Subject:     pkix.Name{CommonName: controllersName, Organization: masters},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
	} {
		if c[name+".crt"], c[name+".key"], err = authority.issue(template); err != nil {
			return nil, err
		}
	}
	key, private, err := newKey()
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	c["service-account.key"], c["service-account.pub"] = private, encode(keyutil.PublicKeyBlockType, public)
	return c, err
}

// authority is the CA that clients and the server trust. Its key is not kept: all that it signs is signed at once.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, _, err := newKey()
	if err != nil {
		return nil, err
	}
	certificate, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "control-plane-ca"}, key)
	return &authority{certificate, key}, err
}

// issue completes and signs a certificate, and returns it with its key.
func (a *authority) issue(template *x509.Certificate) (certificate, key []byte, err error) {
	private, key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, nil, err
	}
	template.NotBefore, template.NotAfter = a.certificate.NotBefore, time.Now().AddDate(1, 0, 0)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(), a.key)
	return encode(cert.CertificateBlockType, der), key, err
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	return key, text, err
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// controllers is how the controllers reach the API server.
func (c credentials) controllers(host string) *rest.Config {
	return &rest.Config{
		Host:      host,
		UserAgent: "control-plane",
		TLSClientConfig: rest.TLSClientConfig{
			CAData: c["ca.crt"], CertData: c["controllers.crt"], KeyData: c["controllers.key"],
		},
	}
}

// serviceAccountKey signs service account tokens.
func (c credentials) serviceAccountKey() (crypto.PrivateKey, error) {
	key, err := keyutil.ParsePrivateKeyPEM(c["service-account.key"])
	if err != nil {
		return nil, fmt.Errorf("the key of the service accounts can't be read: %w", err)
	}
	return key, nil
}

// writeKubeconfig writes an administrator's kubeconfig; the file appears whole or not at all.
func (c credentials) writeKubeconfig(path, host string) error {
	const name = "control-plane"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: host, CertificateAuthorityData: c["ca.crt"]}
	config.AuthInfos[adminName] = &clientcmdapi.AuthInfo{ClientCertificateData: c["admin.crt"], ClientKeyData: c["admin.key"]}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: adminName}
	config.CurrentContext = name
	temporary := path + unfinished
	if err := clientcmd.WriteToFile(*config, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
